-- People see and delete their own; handlers write.
alter table public.ai_sessions enable row level security;

create policy "people see their own sessions" on public.ai_sessions for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people delete their own sessions" on public.ai_sessions for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.ai_sessions from anon, authenticated, service_role;
grant select, delete on table public.ai_sessions to authenticated;
grant select, insert, update, delete on table public.ai_sessions to service_role;
