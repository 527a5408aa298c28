-- Who may read, write and call what of portfolio: row-level security, and grants by column where a row mixes public and private.

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
revoke all on function private.keep_former_slug() from public, anon, authenticated, service_role;
revoke all on function private.find_project(text, text) from public, anon, authenticated, service_role;
revoke all on function private.can_open_project(public.projects) from public, anon, authenticated, service_role;
revoke all on function public.find_page(text, text) from public, anon, authenticated, service_role;
grant execute on function public.find_page(text, text) to anon, authenticated, service_role;

-- Owners see and revoke their preview links, and make them by create_project_preview.
alter table public.project_previews enable row level security;

create policy "owners see their preview links" on public.project_previews for select to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners revoke their preview links" on public.project_previews for delete to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_previews from anon, authenticated, service_role;
grant select, delete on table public.project_previews to authenticated, service_role;

revoke all on function public.latest_metrics(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.project_page(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.token_hash(text) from public, anon, authenticated, service_role;
revoke all on function public.get_project_page(uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_project_preview(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.get_project_preview(text) from public, anon, authenticated, service_role;
grant execute on function public.latest_metrics(public.projects) to anon, authenticated, service_role;
grant execute on function public.get_project_page(uuid) to anon, authenticated, service_role;
grant execute on function public.create_project_preview(uuid, int) to authenticated;
grant execute on function public.get_project_preview(text) to anon, authenticated, service_role;

-- The entries are nobody's to read or write.
alter table private.project_search enable row level security;

create policy "nobody through the API" on private.project_search for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_search from anon, authenticated, service_role;

revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;

-- Everybody searches what is published, by the one function.
revoke all on function private.search_filter(text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.scan_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function private.find_matches(text, text, text[], text[], text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function public.search_projects(text, text, text[], text[], int, text)
  from public, anon, authenticated, service_role;
grant execute on function public.search_projects(text, text, text[], text[], int, text) to anon, authenticated, service_role;

-- For the owner; visitors and crawlers add through record_project_view alone.
alter table public.project_views enable row level security;

create policy "owners see the views of their projects" on public.project_views for select to authenticated
  using (exists (
    select from public.projects where projects.id = project_views.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_views from anon, authenticated, service_role;
grant select on table public.project_views to authenticated, service_role;

revoke all on function private.is_view() from public, anon, authenticated, service_role;
revoke all on function public.record_project_view(uuid) from public, anon, authenticated, service_role;
grant execute on function public.record_project_view(uuid) to anon, authenticated;

-- Any caller who sees a project may write to its owner.
revoke all on function private.forget_contact_message() from public, anon, authenticated, service_role;
revoke all on function public.send_contact_message(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.send_contact_message(uuid, text, text, text) to anon, authenticated;

-- For operators, with the secret key: who reported what is nobody else's to read, and what was done is nobody's to change.
alter table public.project_reports enable row level security;
alter table public.moderation_actions enable row level security;

create policy "operators see the reports" on public.project_reports for select to service_role using (true);
create policy "operators see what was done" on public.moderation_actions for select to service_role using (true);

revoke all on table public.project_reports from anon, authenticated, service_role;
revoke all on table public.moderation_actions from anon, authenticated, service_role;
grant select on table public.project_reports to service_role;
grant select on table public.moderation_actions to service_role;

revoke all on function public.report_project(uuid, text, text) from public, anon, authenticated, service_role;
revoke all on function public.moderate_project(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.report_project(uuid, text, text) to anon, authenticated;
grant execute on function public.moderate_project(uuid, text, text, text) to service_role;
