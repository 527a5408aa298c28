-- Handlers only, and through their RPC.
alter table private.notification_events enable row level security;

create policy "handlers keep the events" on private.notification_events for all to service_role
  using (true) with check (true);

revoke all on table private.notification_events from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_events to service_role;

revoke all on function public.record_notification_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_notification_events(jsonb) to service_role;
