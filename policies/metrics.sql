-- Who may read, write and call what of metrics: row-level security, and grants by column where a row mixes public and private.

-- Handlers only, and through their RPCs.
alter table private.metric_sources enable row level security;

create policy "handlers keep the sources" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function private.metric_reference(text, text) from public;
revoke all on function private.next_metric_due(uuid, text) from public;
revoke all on function private.sync_metric_sources() from public;
grant execute on function private.next_metric_due(uuid, text) to service_role;

-- As visible as their project; only handlers write.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.social_metrics enable row level security;

create policy "as visible as the project" on public.social_metrics for select to anon, authenticated
  using ((select true from public.projects where projects.id = social_metrics.project_id));

revoke all on table public.social_metrics from anon, authenticated, service_role;
grant select on table public.social_metrics to anon, authenticated, service_role;
grant insert, update, delete on table public.social_metrics to service_role;

-- latest_metrics runs as its caller.
revoke all on function private.current_metrics(uuid[]) from public;
grant execute on function private.current_metrics(uuid[]) to anon, authenticated, service_role;
revoke all on function private.current_totals(uuid[]) from public, anon, authenticated, service_role;

-- Handlers only, and through their RPCs.
alter table private.metric_budgets enable row level security;

create policy "handlers keep the budgets" on private.metric_budgets for all to service_role
  using (true) with check (true);

revoke all on table private.metric_budgets from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_budgets to service_role;

revoke all on function private.reserve_metric_budget(text, text[], int, int, int) from public;
revoke all on function private.settle_metric_budget(text, text, jsonb) from public;
grant execute on function private.reserve_metric_budget(text, text[], int, int, int) to service_role;
grant execute on function private.settle_metric_budget(text, text, jsonb) to service_role;

-- Handlers only, and through their RPCs.
alter table private.metric_user_quotas enable row level security;

create policy "handlers count the shares" on private.metric_user_quotas for all to service_role
  using (true) with check (true);

revoke all on table private.metric_user_quotas from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_user_quotas to service_role;

revoke all on function private.lock_metric_user_quotas(text, uuid[]) from public;
revoke all on function private.within_metric_user_quotas(text, uuid[], int) from public;
revoke all on function private.count_metric_user_quotas(text, uuid[], int) from public;
grant execute on function private.lock_metric_user_quotas(text, uuid[]) to service_role;
grant execute on function private.within_metric_user_quotas(text, uuid[], int) to service_role;
grant execute on function private.count_metric_user_quotas(text, uuid[], int) to service_role;

-- Handlers only.
revoke all on function public.lease_metric_sources(text, text[], int, int, int, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.lease_project_metric_sources(uuid, jsonb, int, int) from public, anon, authenticated, service_role;
revoke all on function public.count_due_metric_sources() from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int, int) to service_role;
grant execute on function public.lease_project_metric_sources(uuid, jsonb, int, int) to service_role;
grant execute on function public.count_due_metric_sources() to service_role;

-- Handlers only.
revoke all on function public.record_metrics(text, uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_metrics(text, uuid, text, jsonb, jsonb) to service_role;

revoke all on function private.next_metric_state(text, text, int, text) from public;
grant execute on function private.next_metric_state(text, text, int, text) to service_role;

-- Who may open a project reads its numbers; only its owner, and a service, its views.
revoke all on function public.get_project_metrics(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.get_project_metrics(uuid, int) to anon, authenticated, service_role;
