-- The entries are nobody's to read or write.
alter table private.project_search enable row level security;

create policy "nobody through the API" on private.project_search for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_search from anon, authenticated, service_role;

revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;
