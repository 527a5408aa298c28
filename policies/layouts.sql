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
grant insert, update, delete on table public.layouts to authenticated, service_role;

revoke all on function private.publish_one_layout() from public, anon, authenticated, service_role;
