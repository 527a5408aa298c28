-- As visible as their project; only handlers write.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.social_metrics enable row level security;

create policy "as visible as the project" on public.social_metrics for select to anon, authenticated
  using ((select true from public.projects where projects.id = social_metrics.project_id));

revoke all on table public.social_metrics from anon, authenticated, service_role;
grant select on table public.social_metrics to anon, authenticated, service_role;
grant insert, update, delete on table public.social_metrics to service_role;

-- latest_metrics runs as its caller.
revoke all on function private.current_metrics(uuid) from public;
grant execute on function private.current_metrics(uuid) to anon, authenticated, service_role;
