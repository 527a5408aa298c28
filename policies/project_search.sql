-- Everybody searches what is published, by the one function; the entries are nobody's to read or write.
alter table private.project_search enable row level security;

create policy "nobody through the API" on private.project_search for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_search from anon, authenticated, service_role;

revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;
revoke all on function private.search_filter(text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.walk_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.rank_search(tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function private.find_matches(text, text, text[], text[], text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function public.search_projects(text, text, text[], text[], int, text)
  from public, anon, authenticated, service_role;
grant execute on function public.search_projects(text, text, text[], text[], int, text) to anon, authenticated, service_role;
