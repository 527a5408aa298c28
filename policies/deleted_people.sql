-- The database's owner alone.
alter table private.deleted_people enable row level security;

create policy "nobody through the API" on private.deleted_people for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.deleted_people from anon, authenticated, service_role;

revoke all on function private.person_hash(uuid) from public, anon, authenticated, service_role;
revoke all on function private.remember_deleted_person() from public, anon, authenticated, service_role;
revoke all on function private.delete_people_again(text[]) from public, anon, authenticated, service_role;
