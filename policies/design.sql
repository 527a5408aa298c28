-- Who may read, write and call what of design: row-level security, and grants by column where a row mixes public and private.

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.block_list_schema() from public;
grant execute on function private.block_list_schema() to authenticated, service_role;

-- A trigger runs with the rights of who writes the row.
revoke all on function private.schema_error(jsonb, jsonb, jsonb) from public;
revoke all on function private.block_list_error(jsonb) from public;
grant execute on function private.schema_error(jsonb, jsonb, jsonb) to authenticated, service_role;
grant execute on function private.block_list_error(jsonb) to authenticated, service_role;
revoke all on function private.check_blocks() from public, anon, authenticated, service_role;

-- The catalogue is public; handlers keep it.
alter table public.templates enable row level security;

create policy "the catalogue is public" on public.templates for select to anon, authenticated
  using (true);

revoke all on table public.templates from anon, authenticated, service_role;
grant select on table public.templates to anon, authenticated, service_role;
grant insert, update, delete on table public.templates to service_role;

-- The catalogue is public and handlers keep it; users' layouts are theirs, for their own projects; others see those
-- that are published with a project that they see.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.layouts enable row level security;

create policy "the catalogue and published layouts are public" on public.layouts for select to anon
  using (
    user_id is null
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "users see the catalogue, published layouts and their own" on public.layouts for select to authenticated
  using (
    user_id is null
    or user_id = (select auth.uid())
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "users add their own layouts" on public.layouts for insert to authenticated
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "users change their own layouts" on public.layouts for update to authenticated
  using (user_id = (select auth.uid()))
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "users delete their own layouts" on public.layouts for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.layouts from anon, authenticated, service_role;
grant select on table public.layouts to anon, authenticated, service_role;
grant insert, update, delete on table public.layouts to authenticated, service_role;

revoke all on function private.publish_one_layout() from public, anon, authenticated, service_role;

-- Users see and delete their own; handlers write.
alter table public.ai_sessions enable row level security;

create policy "users see their own sessions" on public.ai_sessions for select to authenticated
  using (user_id = (select auth.uid()));
create policy "users delete their own sessions" on public.ai_sessions for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.ai_sessions from anon, authenticated, service_role;
grant select, delete on table public.ai_sessions to authenticated;
grant select, insert, update, delete on table public.ai_sessions to service_role;

-- Handlers only, and through their RPCs.
alter table private.design_usage enable row level security;
alter table private.design_spending enable row level security;
alter table private.design_runs enable row level security;

create policy "handlers count designs" on private.design_usage for all to service_role
  using (true) with check (true);
create policy "handlers keep the books" on private.design_spending for all to service_role
  using (true) with check (true);
create policy "handlers keep the runs" on private.design_runs for all to service_role
  using (true) with check (true);

revoke all on table private.design_usage, private.design_spending, private.design_runs
  from anon, authenticated, service_role;
grant select, insert, update, delete on table private.design_usage, private.design_spending, private.design_runs
  to service_role;

revoke all on function private.settle_design_run(private.design_runs, bigint, boolean) from public;
grant execute on function private.settle_design_run(private.design_runs, bigint, boolean) to service_role;

-- Handlers only.
revoke all on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function public.finish_design(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) to service_role;
grant execute on function public.finish_design(uuid, bigint, jsonb) to service_role;
