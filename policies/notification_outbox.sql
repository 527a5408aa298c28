-- Handlers only.
revoke all on function public.lease_notifications(int, int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_notifications(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.request_notification(uuid, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.request_notification_again(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.get_notification_status(uuid) from public, anon, authenticated, service_role;
revoke all on function public.count_due_notifications() from public, anon, authenticated, service_role;
grant execute on function public.lease_notifications(int, int, int, uuid) to service_role;
grant execute on function public.record_notifications(jsonb) to service_role;
grant execute on function public.request_notification(uuid, text, text, jsonb) to service_role;
grant execute on function public.request_notification_again(uuid, text, int) to service_role;
grant execute on function public.get_notification_status(uuid) to service_role;
grant execute on function public.count_due_notifications() to service_role;
