-- Handlers only.
alter table private.metric_sources enable row level security;

create policy "handlers keep the leases" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function public.claim_metric_sources(uuid, text[], int) from public, anon, authenticated, service_role;
revoke all on function public.record_metric_snapshot(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.fail_metric_source(uuid, text, text, int) from public, anon, authenticated, service_role;
grant execute on function public.claim_metric_sources(uuid, text[], int) to service_role;
grant execute on function public.record_metric_snapshot(uuid, text, jsonb) to service_role;
grant execute on function public.fail_metric_source(uuid, text, text, int) to service_role;
