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
