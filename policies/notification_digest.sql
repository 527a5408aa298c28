-- Handlers only.
revoke all on function public.queue_weekly_metrics(date) from public, anon, authenticated, service_role;
grant execute on function public.queue_weekly_metrics(date) to service_role;
