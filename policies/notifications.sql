-- Users see their own, whole: what was written to them, and what became of it. Handlers write.
alter table public.notifications enable row level security;

create policy "people see their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notifications from anon, authenticated, service_role;
grant select on table public.notifications to authenticated;
grant select, insert, update, delete on table public.notifications to service_role;

revoke all on function private.queue_notification(uuid, text, text, jsonb) from public;
revoke all on function private.queue_welcome() from public;
grant execute on function private.queue_notification(uuid, text, text, jsonb) to service_role;
