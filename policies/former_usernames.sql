-- The database's owner alone, and triggers; anybody may ask whether a name is free, as a sign-up form does.
alter table private.former_usernames enable row level security;

create policy "nobody through the API" on private.former_usernames for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.former_usernames from anon, authenticated, service_role;

revoke all on function private.username_hash(text) from public, anon, authenticated, service_role;
revoke all on function private.is_username_held(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.lock_usernames(text[]) from public, anon, authenticated, service_role;
revoke all on function private.lock_username() from public, anon, authenticated, service_role;
revoke all on function private.check_username() from public, anon, authenticated, service_role;
revoke all on function private.hold_username() from public, anon, authenticated, service_role;
revoke all on function private.find_user(text) from public, anon, authenticated, service_role;
revoke all on function public.username_available(text) from public, anon, authenticated, service_role;
grant execute on function public.username_available(text) to anon, authenticated, service_role;
