-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_videos enable row level security;

create policy "as visible as the project" on public.project_videos for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_videos.project_id));
create policy "owners add videos" on public.project_videos for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change videos" on public.project_videos for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete videos" on public.project_videos for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_videos from anon, authenticated, service_role;
grant select on table public.project_videos to anon, authenticated, service_role;
grant insert, update, delete on table public.project_videos to authenticated, service_role;
