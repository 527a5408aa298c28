-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_images enable row level security;

create policy "as visible as the project" on public.project_images for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_images.project_id));
create policy "owners add images" on public.project_images for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change images" on public.project_images for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete images" on public.project_images for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_images from anon, authenticated, service_role;
grant select on table public.project_images to anon, authenticated, service_role;
grant insert, update, delete on table public.project_images to authenticated, service_role;

revoke all on function private.keep_size() from public;
revoke all on function private.keep_one_cover() from public, anon, authenticated, service_role;
