-- Who may read, write and call what of portfolio: row-level security, and grants by column where a row mixes public and private.

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

-- Nor are the numbers.
alter table private.project_totals enable row level security;

create policy "nobody through the API" on private.project_totals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_totals from anon, authenticated, service_role;

revoke all on function private.fold(text) from public, anon, authenticated, service_role;
revoke all on function private.index_renamed_owner() from public, anon, authenticated, service_role;
revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;
revoke all on function private.store_totals(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.store_changed_totals() from public, anon, authenticated, service_role;

-- Everybody searches what is published, by the one function.
revoke all on function private.search_filter(text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.scan_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.resemble_search(text, tsquery, int) from public, anon, authenticated, service_role;
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
revoke all on function private.redact_contact_message() from public, anon, authenticated, service_role;
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

revoke all on function private.redact_moderation_reasons() from public, anon, authenticated, service_role;
revoke all on function public.report_project(uuid, text, text) from public, anon, authenticated, service_role;
revoke all on function public.moderate_project(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.report_project(uuid, text, text) to anon, authenticated;
grant execute on function public.moderate_project(uuid, text, text, text) to service_role;
