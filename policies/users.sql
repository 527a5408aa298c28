-- Everybody may look up a profile; a user changes their own profile; only handlers change a tier.
alter table private.users enable row level security;

create policy "profiles are public" on private.users for select to anon, authenticated
  using (true);
create policy "people change their own profile" on private.users for update to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));

-- Column grants on the table, because the view asks with its reader's rights: email and google_id are in none of them.
revoke all on table private.users from anon, authenticated, service_role;
grant select (id, username, avatar_url, tier, created_at, name, headline, bio, location, links) on table private.users
  to anon, authenticated, service_role;
grant update (username, avatar_url, name, headline, bio, location, links) on table private.users to authenticated;
grant update (username, avatar_url, tier, name, headline, bio, location, links) on table private.users to service_role;

revoke all on table public.users from anon, authenticated, service_role;
grant select on table public.users to anon, authenticated, service_role;
grant update (username, avatar_url, name, headline, bio, location, links) on table public.users to authenticated;
grant update (username, avatar_url, tier, name, headline, bio, location, links) on table public.users to service_role;

revoke all on function private.email_of(uuid) from public;
revoke all on function private.google_id_of(uuid) from public;
grant execute on function private.email_of(uuid) to anon, authenticated, service_role;
grant execute on function private.google_id_of(uuid) to anon, authenticated, service_role;

-- Asked for by the CHECK, with the rights of the role that writes.
revoke all on function private.are_links(text[]) from public, anon, authenticated, service_role;
grant execute on function private.are_links(text[]) to authenticated, service_role;
revoke all on function private.canonicalize_profile_links() from public, anon, authenticated, service_role;
