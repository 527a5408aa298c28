-- People choose for themselves; handlers, where a link says so.
alter table public.notification_preferences enable row level security;

create policy "people see their own choices" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people make their own choices" on public.notification_preferences for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own choices" on public.notification_preferences for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people take their own choices back" on public.notification_preferences for delete to authenticated
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
