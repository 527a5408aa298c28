-- Templates: the catalogue of designs that people start from.

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 120),
  blocks_json jsonb not null check (private.is_block_list(blocks_json)),
  created_at timestamptz not null default now()
);
comment on table public.templates is 'Designs that people start from: lists of drag-and-drop blocks.';
comment on column public.templates.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';

-- The catalogue is public; handlers keep it.
alter table public.templates enable row level security;

create policy "the catalogue is public" on public.templates for select to anon, authenticated
  using (true);

revoke all on table public.templates from anon, authenticated, service_role;
grant select on table public.templates to anon, authenticated, service_role;
grant insert, update, delete on table public.templates to service_role;

-- Layouts: how blocks are arranged on a page. Those without an owner belong to the catalogue.

create table public.layouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid default auth.uid() references private.users (id) on delete cascade,
  template_id uuid references public.templates (id) on delete set null,
  project_id uuid references public.projects (id) on delete set null,
  name text not null check (char_length(name) between 1 and 120),
  blocks_json jsonb not null check (private.is_block_list(blocks_json)),
  published boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint layouts_catalogue_has_no_project check (user_id is not null or project_id is null)
);
comment on table public.layouts is 'Arrangements of blocks on a page: of a person, or of the catalogue.';
comment on column public.layouts.user_id is 'The owner; null in the catalogue.';
comment on column public.layouts.template_id is 'The template that it was made from.';
comment on column public.layouts.project_id is 'The project whose page it arranges.';
comment on column public.layouts.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';
comment on column public.layouts.published is
  'Whether those who see the project see this layout of it: visitors need it to see the page, and drafts stay private.';

-- A person's layouts, newest first, and the catalogue (user_id is null).
create index layouts_user_id_created_at_idx on public.layouts (user_id, created_at desc);
create index layouts_template_id_idx on public.layouts (template_id);
create index layouts_project_id_idx on public.layouts (project_id);

create trigger touch_updated_at before update on public.layouts
  for each row execute function private.touch_updated_at();
create trigger keep_owner before update on public.layouts
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

-- The catalogue is public and handlers keep it; people's layouts are theirs, for their own projects; others see those
-- that are published with a project that they see.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.layouts enable row level security;

create policy "the catalogue and published layouts are public" on public.layouts for select to anon
  using (
    user_id is null
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "people see the catalogue, published layouts and their own" on public.layouts for select to authenticated
  using (
    user_id is null
    or user_id = (select auth.uid())
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "people add their own layouts" on public.layouts for insert to authenticated
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "people change their own layouts" on public.layouts for update to authenticated
  using (user_id = (select auth.uid()))
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "people delete their own layouts" on public.layouts for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.layouts from anon, authenticated, service_role;
grant select on table public.layouts to anon, authenticated, service_role;
grant insert (id, user_id, template_id, project_id, name, blocks_json, published),
  update (id, user_id, template_id, project_id, name, blocks_json, published),
  delete on table public.layouts to authenticated;
grant insert, update, delete on table public.layouts to service_role;

-- What people asked the design assistant, and what it answered.

create table public.ai_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  input_json jsonb,
  output_json jsonb,
  created_at timestamptz not null default now()
);
comment on table public.ai_sessions is 'Requests to the design assistant; written by handlers.';
comment on column public.ai_sessions.input_json is 'What was asked.';
comment on column public.ai_sessions.output_json is 'What was answered; null while there is no answer.';

-- A person's sessions, newest first; it serves the foreign key and the policies too.
create index ai_sessions_user_id_created_at_idx on public.ai_sessions (user_id, created_at desc);

-- People see and delete their own; handlers write.
alter table public.ai_sessions enable row level security;

create policy "people see their own sessions" on public.ai_sessions for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people delete their own sessions" on public.ai_sessions for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.ai_sessions from anon, authenticated, service_role;
grant select, delete on table public.ai_sessions to authenticated;
grant select, insert, update, delete on table public.ai_sessions to service_role;
