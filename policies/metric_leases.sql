-- Handlers only.
revoke all on function public.lease_metric_sources(text, text[], int, int, int, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.claim_metric_sources(uuid, jsonb, int, int) from public, anon, authenticated, service_role;
revoke all on function public.count_due_metric_sources() from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int, int) to service_role;
grant execute on function public.claim_metric_sources(uuid, jsonb, int, int) to service_role;
grant execute on function public.count_due_metric_sources() to service_role;
