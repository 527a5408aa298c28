-- Who may read, write and call what of notifications: row-level security, and grants by column where a row mixes public and private.

-- Users see their own, whole: what was written to them, and what became of it. Handlers write.
alter table public.notifications enable row level security;

create policy "users see their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notifications from anon, authenticated, service_role;
grant select on table public.notifications to authenticated;
grant select, insert, update, delete on table public.notifications to service_role;

revoke all on function private.queue_notification(uuid, text, text, jsonb) from public;
revoke all on function private.queue_welcome() from public;
grant execute on function private.queue_notification(uuid, text, text, jsonb) to service_role;

-- Users choose for themselves; handlers, where a link says so.
alter table public.notification_preferences enable row level security;

create policy "users see their own choices" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()));
create policy "users make their own choices" on public.notification_preferences for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "users change their own choices" on public.notification_preferences for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "users take their own choices back" on public.notification_preferences for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notification_preferences from anon, authenticated, service_role;
grant select, insert, update, delete on table public.notification_preferences to authenticated, service_role;

-- Handlers only, and through their RPCs.
alter table private.notification_suppressions enable row level security;

create policy "handlers keep the suppressions" on private.notification_suppressions for all to service_role
  using (true) with check (true);

revoke all on table private.notification_suppressions from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_suppressions to service_role;

revoke all on function private.wants_notification(uuid, text) from public;
revoke all on function private.profile_with_email(text) from public;
revoke all on function public.set_notification_preference(uuid, text, boolean)
  from public, anon, authenticated, service_role;
grant execute on function private.wants_notification(uuid, text) to service_role;
grant execute on function private.profile_with_email(text) to service_role;
grant execute on function public.set_notification_preference(uuid, text, boolean) to service_role;

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

-- Handlers only, and through their RPC.
alter table private.notification_events enable row level security;

create policy "handlers keep the events" on private.notification_events for all to service_role
  using (true) with check (true);

revoke all on table private.notification_events from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_events to service_role;

revoke all on function public.record_notification_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_notification_events(jsonb) to service_role;

-- Handlers only.
revoke all on function public.queue_weekly_metrics(date) from public, anon, authenticated, service_role;
grant execute on function public.queue_weekly_metrics(date) to service_role;
