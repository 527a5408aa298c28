-- Who may read, write and call what of projects: row-level security, and grants by column where a row mixes public and private.

-- Visitors see what is published and not hidden; users see and change their own as well.
alter table public.projects enable row level security;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published' and hidden_at is null);
create policy "users see published projects and their own" on public.projects for select to authenticated
  using ((status = 'published' and hidden_at is null) or user_id = (select auth.uid()));
create policy "users add their own projects" on public.projects for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "users change their own projects" on public.projects for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "users delete their own projects" on public.projects for delete to authenticated
  using (user_id = (select auth.uid()));

-- Every column may be written, so that a row that was read can be sent back; what id and user_id may be is for the
-- policies and the trigger keep_owner to say, and triggers keep the times.
revoke all on table public.projects from anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role;
grant insert, update, delete on table public.projects to authenticated, service_role;

revoke all on function private.keep_publication() from public, anon, authenticated, service_role;
revoke all on function public.reorder_projects(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_projects(uuid[]) to authenticated;

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

-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_technologies enable row level security;

create policy "as visible as the project" on public.project_technologies for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_technologies.project_id));
create policy "owners add technologies" on public.project_technologies for insert to authenticated
  with check (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change technologies" on public.project_technologies for update to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete technologies" on public.project_technologies for delete to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_technologies from anon, authenticated, service_role;
grant select on table public.project_technologies to anon, authenticated, service_role;
grant insert, update, delete on table public.project_technologies to authenticated, service_role;

-- Triggers keep the former slugs, and find_page reads them.
alter table private.former_slugs enable row level security;

create policy "nobody through the API" on private.former_slugs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.former_slugs from anon, authenticated, service_role;
revoke all on table private.used_slugs from anon, authenticated, service_role;

revoke all on function private.make_slug() from public, anon, authenticated, service_role;
revoke all on function private.record_former_slug() from public, anon, authenticated, service_role;
revoke all on function private.find_project(text, text) from public, anon, authenticated, service_role;
revoke all on function private.can_open_project(public.projects) from public, anon, authenticated, service_role;
revoke all on function public.find_page(text, text) from public, anon, authenticated, service_role;
grant execute on function public.find_page(text, text) to anon, authenticated, service_role;
