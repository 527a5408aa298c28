-- The database's owner alone.
alter table private.used_today enable row level security;

create policy "nobody through the API" on private.used_today for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.used_today from anon, authenticated, service_role;

revoke all on function private.keep_used_today() from public, anon, authenticated, service_role;
revoke all on function private.restore_used_today() from public, anon, authenticated, service_role;
