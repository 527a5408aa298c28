-- Api, number 11 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/api/row_limits.sql

-- How many projects and layouts a user may have, and how much a project: a program with a free account could fill the
-- database. Handlers and the owner of the database may add more.

-- Under the lock of the user's media, so that two at once do not share the last place; it is taken before any row is locked.
create trigger lock_media_to_add before insert on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media_to_add before insert on public.layouts
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

-- Counted are the rows of the user, or the project, that the added rows belong to. A statement for each table, none of them
-- made of text: PL/pgSQL plans each once for a session, which is half of what an insert took otherwise.
create function private.limit_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  most constant int := tg_argv[1];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  case tg_table_name
    when 'projects' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.projects as kept where kept.user_id = owner.user_id offset most)
      );
    when 'layouts' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.layouts as kept where kept.user_id = owner.user_id offset most)
      );
    when 'project_images' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_images as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_videos' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_videos as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_tags' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_tags as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_technologies' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_technologies as kept where kept.project_id = owner.project_id offset most)
      );
  end case;
  if crowded then
    raise exception '% may have % % at most.',
      case tg_argv[0] when 'user_id' then 'You' else 'A project' end, most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', table = tg_table_name, constraint = tg_table_name || '_rows', detail = tg_table_name,
        hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_rows() is
  'Trigger: refuses more rows of a table than a user, or a project, may have (column and number are its arguments).';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_rows('user_id', 1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_rows('user_id', 200);

-- What a project may have of anything, wherever its files are: visitors read all of it with the project. Images
-- and videos have the lock already.
create trigger lock_media_to_add before insert or update on public.project_tags
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media_to_add before insert or update on public.project_technologies
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

create trigger limit_rows after insert on public.project_images referencing new table as added
  for each statement execute function private.limit_rows('project_id', 100);
create trigger limit_rows after insert on public.project_videos referencing new table as added
  for each statement execute function private.limit_rows('project_id', 20);
create trigger limit_rows after insert on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_rows after insert on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);

-- sql/api/realtime.sql

-- Which tables Realtime sends changes of (postgres_changes): those that somebody looks at while others write them. Who gets a
-- row is for row-level security and column grants to say, which Realtime asks for each subscriber.

-- A hosted project has the publication, with tables that somebody may have added in the dashboard: they stay.
do $$
declare
  published text;
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
  foreach published in array array[
    'projects', -- a visitor's open page, and one's editor in another window
    'social_metrics', -- numbers that the refresh records
    'subscriptions', -- a plan that Stripe confirms after the checkout
    'notifications' -- what became of an e-mail
  ] loop
    if not exists (
      select from pg_catalog.pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = published
    ) then
      execute pg_catalog.format('alter publication supabase_realtime add table public.%I', published);
    end if;
  end loop;
end
$$;

-- sql/api/field_rules.sql

-- What each field may hold, and what a form says of a value that was refused: one row for each rule, read from the
-- constraints themselves. An error names its rule: PostgREST's message of a CHECK or a key ends with the constraint's name.

create view public.field_rules with (security_invoker = true) as
with tables as (
  select relation.oid, relation.relname::text as name
  from pg_catalog.pg_class as relation
  where relation.relkind in ('r', 'p')
    -- public.users is a view over the table that its constraints are on.
    and (relation.relnamespace = 'public'::regnamespace or relation.oid = 'private.users'::regclass)
)
select
  rule.conname::text as name,
  tables.name as table_name,
  field.attname::text as field,
  case rule.contype when 'c' then substr(rule.conname, length(tables.name || field.attname) + 3) else 'unique' end as rule,
  described.message,
  coalesce(
    substring(described.definition from '>= ([0-9]+)')::bigint, substring(described.definition from '> ([0-9]+)')::bigint + 1
  ) as minimum,
  substring(described.definition from '<= ([0-9]+)')::bigint as maximum,
  -- As JavaScript writes it; flags as those of its RegExp.
  case when rule.conname like '%\_format' then
    replace(substring(described.definition from '~\*? ''(.*)''::text'), '[:space:]', '\s')
  end as pattern,
  case when rule.conname like '%\_format' and described.definition like '%~* %' then 'i' end as flags,
  case when rule.conname like '%\_choices' then
    array(select found[1] from regexp_matches(described.definition, '''([^'']*)''::text', 'g') as found)
  end as choices
from pg_catalog.pg_constraint as rule
join tables on tables.oid = rule.conrelid
cross join lateral (
  select pg_get_constraintdef(rule.oid) as definition, obj_description(rule.oid, 'pg_constraint') as message
) as described
-- A rule about several columns is named after the one that a form shows it at; of a key, that is its last.
cross join lateral (
  select one.attname from pg_catalog.pg_attribute as one
  where one.attrelid = rule.conrelid and one.attnum = any (rule.conkey)
  order by
    case when starts_with(rule.conname, tables.name || '_' || one.attname || '_') then length(one.attname) else 0 end desc,
    array_position(rule.conkey, one.attnum) desc
  limit 1
) as field
where rule.contype in ('c', 'p', 'u') and described.message is not null
union all
select
  tables.name || '_' || field.attname || '_required', tables.name, field.attname, 'required',
  upper(left(field.attname, 1)) || replace(substr(field.attname, 2), '_', ' ') || ' must be given.', null, null, null, null, null
from tables
join pg_catalog.pg_attribute as field on field.attrelid = tables.oid and field.attnum > 0 and not field.attisdropped
where field.attnotnull and not field.atthasdef and field.attidentity = ''
union all
select
  tables.name || '_rows', tables.name, null, 'rows',
  case split_part(encode(guard.tgargs, 'escape'), '\000', 1) when 'user_id' then 'You' else 'A project' end
    || ' may have ' || to_char(bound.maximum, 'FM999,999') || ' ' || replace(tables.name, 'project_', '') || ' at most.',
  null, bound.maximum, null, null, null
from pg_catalog.pg_trigger as guard
join tables on tables.oid = guard.tgrelid
cross join lateral (select split_part(encode(guard.tgargs, 'escape'), '\000', 2)::bigint as maximum) as bound
where guard.tgname = 'limit_rows'
union all
-- selects, not values: a list of values reads otherwise after a dump and restore.
select
  'users_username_held', 'users', 'username', 'reserved', 'This username belonged to somebody else until lately. Choose another.',
  null, null, null, null, null
union all
select
  'users_username_reserved', 'users', 'username', 'reserved', 'This username is reserved. Choose another.',
  null, null, null, null, null
union all
select
  'layouts_blocks_json_blocks', 'layouts', 'blocks_json', 'blocks', 'A page is a list of the catalogue''s blocks, 200 at most.',
  null, 200, null, null, null
union all
select
  'templates_blocks_json_blocks', 'templates', 'blocks_json', 'blocks',
  'A page is a list of the catalogue''s blocks, 200 at most.', null, 200, null, null, null;
comment on view public.field_rules is
  e'What each field may hold: one row for each rule. name is the constraint that an error names; field is null where the rule is '
  'about the table.\n'
  '@graphql({"name": "FieldRule", "primary_key_columns": ["name"]})';
comment on column public.field_rules.name is 'The constraint; of what a trigger checks, its name all the same.';
comment on column public.field_rules.rule is
  'length, choices, format, address (a link, taken as pasted), range, count, type, size, required, unique, reserved, owner, '
  'blocks, rows.';
comment on column public.field_rules.message is 'What to show where a value was refused.';
comment on column public.field_rules.minimum is 'Of length in characters, of size in bytes, of range the number itself.';
comment on column public.field_rules.maximum is 'As minimum; of rows and blocks, how many.';
comment on column public.field_rules.pattern is 'Of format: a regular expression, with flags as of JavaScript''s RegExp.';
comment on column public.field_rules.choices is 'Of choices: the values that are taken.';

-- policies/api.sql

-- Who may read, write and call what of the API as a whole: row-level security, and grants by column where a row mixes public and private.

-- Of triggers alone.
revoke all on function private.limit_rows() from public, anon, authenticated, service_role;

-- What is allowed is no secret; the catalogue behind it is open to every role.
revoke all on table public.field_rules from anon, authenticated, service_role;
grant select on table public.field_rules to anon, authenticated, service_role;

reset check_function_bodies;
