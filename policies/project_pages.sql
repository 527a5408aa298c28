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
