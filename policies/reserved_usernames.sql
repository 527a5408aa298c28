-- The database's owner alone.
alter table private.reserved_usernames enable row level security;

create policy "nobody through the API" on private.reserved_usernames for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.reserved_usernames from anon, authenticated, service_role;
