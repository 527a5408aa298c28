-- Who may read, write and call what of monitoring: row-level security, and grants by column where a row mixes public and private.

-- The thresholds are the operators', in SQL; only services read what came of them.
alter table private.state_limits enable row level security;

create policy "nobody through the API" on private.state_limits for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.state_limits from anon, authenticated, service_role;

revoke all on function private.state_of_platforms() from public;
revoke all on function public.get_system_state(numeric, int) from public, anon, authenticated;
grant execute on function public.get_system_state(numeric, int) to service_role;
revoke all on function public.resume_platform(text) from public, anon, authenticated;
grant execute on function public.resume_platform(text) to service_role;
