-- Handlers only.
revoke all on function public.record_metrics(text, uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_metrics(text, uuid, text, jsonb, jsonb) to service_role;

revoke all on function private.next_metric_state(text, text, int, text) from public;
grant execute on function private.next_metric_state(text, text, int, text) to service_role;
