-- Everybody searches what is published, by the one function.
revoke all on function private.search_filter(text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.walk_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function private.find_matches(text, text, text[], text[], text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function public.search_projects(text, text, text[], text[], int, text)
  from public, anon, authenticated, service_role;
grant execute on function public.search_projects(text, text, text[], text[], int, text) to anon, authenticated, service_role;
