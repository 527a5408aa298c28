-- Triggers keep the former slugs, and find_page reads them.
alter table private.former_slugs enable row level security;

create policy "nobody through the API" on private.former_slugs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.former_slugs from anon, authenticated, service_role;
revoke all on table private.used_slugs from anon, authenticated, service_role;

revoke all on function private.make_slug() from public, anon, authenticated, service_role;
revoke all on function private.keep_former_slug() from public, anon, authenticated, service_role;
revoke all on function private.find_project(text, text) from public, anon, authenticated, service_role;
revoke all on function private.can_open_project(public.projects) from public, anon, authenticated, service_role;
revoke all on function public.find_page(text, text) from public, anon, authenticated, service_role;
grant execute on function public.find_page(text, text) to anon, authenticated, service_role;
