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
