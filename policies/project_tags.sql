-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_tags enable row level security;

create policy "as visible as the project" on public.project_tags for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_tags.project_id));
create policy "owners add tags" on public.project_tags for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change tags" on public.project_tags for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete tags" on public.project_tags for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_tags from anon, authenticated, service_role;
grant select on table public.project_tags to anon, authenticated, service_role;
grant insert, update, delete on table public.project_tags to authenticated, service_role;

revoke all on function private.keep_spelling() from public, anon, authenticated, service_role;
