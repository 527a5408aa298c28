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
