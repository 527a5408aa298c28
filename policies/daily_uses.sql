-- Used by definer functions alone.
alter table private.daily_salts enable row level security;
alter table private.daily_uses enable row level security;

create policy "nobody through the API" on private.daily_salts for all to anon, authenticated, service_role
  using (false) with check (false);
create policy "nobody through the API" on private.daily_uses for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.daily_salts from anon, authenticated, service_role;
revoke all on table private.daily_uses from anon, authenticated, service_role;

revoke all on function private.today_salt() from public, anon, authenticated, service_role;
revoke all on function private.use_daily(text, text, int) from public, anon, authenticated, service_role;
revoke all on function private.caller_address() from public, anon, authenticated, service_role;
