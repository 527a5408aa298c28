-- Layouts: how blocks are arranged on a page. Those without an owner belong to the catalogue.

create table public.layouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid default auth.uid() references private.users (id) on delete cascade,
  template_id uuid references public.templates (id) on delete set null,
  project_id uuid references public.projects (id) on delete set null,
  name text not null constraint layouts_name_length check (char_length(name) between 1 and 120),
  blocks_json jsonb not null,
  published boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint layouts_project_id_owner check (user_id is not null or project_id is null)
);
comment on table public.layouts is
  e'Arrangements of blocks on a page: of a user, or of the catalogue.\n'
  '@graphql({"name": "Layout", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "layouts", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint layouts_template_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "template"})';
comment on constraint layouts_project_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "project"})';
comment on column public.layouts.user_id is 'The owner; null in the catalogue.';
comment on column public.layouts.template_id is 'The template that it was made from.';
comment on column public.layouts.project_id is 'The project whose page it arranges.';
comment on column public.layouts.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';
comment on column public.layouts.published is
  'Whether those who see the project see this layout of it: visitors need it to see the page, and drafts stay private.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint layouts_name_length on public.layouts is 'Name must have 1 to 120 characters.';
comment on constraint layouts_project_id_owner on public.layouts is
  'A layout of the catalogue, which has no owner, is of no project.';

-- A user's layouts, newest first, and the catalogue (user_id is null).
create index layouts_user_id_created_at_idx on public.layouts (user_id, created_at desc);
create index layouts_template_id_idx on public.layouts (template_id);
create index layouts_project_id_idx on public.layouts (project_id);

create trigger touch_updated_at before update on public.layouts
  for each row execute function private.touch_updated_at();
create trigger touch_added before insert on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
create trigger keep_owner before update on public.layouts
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

create trigger check_added_blocks before insert on public.layouts
  for each row execute function private.check_blocks();
create trigger check_changed_blocks before update on public.layouts
  for each row when (old.blocks_json is distinct from new.blocks_json) execute function private.check_blocks();

-- A project has one page: who publishes another layout of it takes the one before off, in the same request. Those who
-- publish at once do it one after the other, and the last one wins. Of several in one statement the first stays.
create function private.publish_one_layout() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('layouts of ' || new.project_id, 0));
  if exists (select from public.layouts as layout where layout.id = new.id and layout.published) then
    update public.layouts as other set published = false
    where other.project_id = new.project_id and other.published and other.id <> new.id;
  end if;
  return null;
end
$$;
comment on function private.publish_one_layout() is 'Trigger: the project''s other layouts are not published any more.';

create trigger publish_added after insert on public.layouts
  for each row when (new.published and new.project_id is not null) execute function private.publish_one_layout();
create trigger publish_changed after update on public.layouts
  for each row when (
    new.published and new.project_id is not null
    and (not old.published or old.project_id is distinct from new.project_id)
  ) execute function private.publish_one_layout();
