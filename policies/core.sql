-- Who may read, write and call what of core: row-level security, and grants by column where a row mixes public and private.

-- Called by the trigger alone.
revoke all on function private.link_parts(text) from public, anon, authenticated, service_role;
revoke all on function private.pasted_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_github_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_twitter_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_linkedin_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_web_link(text) from public, anon, authenticated, service_role;
revoke all on function private.link_advice(text, text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_link(text, text) from public, anon, authenticated, service_role;
revoke all on function private.canonicalize_links() from public, anon, authenticated, service_role;

-- Everybody may look up a profile; a user changes their own profile; only handlers change a tier.
alter table private.users enable row level security;

create policy "profiles are public" on private.users for select to anon, authenticated
  using (true);
create policy "users change their own profile" on private.users for update to authenticated
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

-- The database's owner alone.
alter table private.reserved_usernames enable row level security;

create policy "nobody through the API" on private.reserved_usernames for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.reserved_usernames from anon, authenticated, service_role;

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
revoke all on function private.record_former_username() from public, anon, authenticated, service_role;
revoke all on function private.find_user(text) from public, anon, authenticated, service_role;
revoke all on function public.username_available(text) from public, anon, authenticated, service_role;
grant execute on function public.username_available(text) to anon, authenticated, service_role;

-- Triggers need no grant, and nobody else has a reason to call these.
revoke all on function private.slug(text, int) from public;
revoke all on function private.picture_from(jsonb) from public;
revoke all on function private.create_profile() from public;
revoke all on function private.update_picture() from public;

-- Auth calls its hook as itself.
revoke all on function private.before_user_created(jsonb) from public;
grant execute on function private.before_user_created(jsonb) to supabase_auth_admin;

-- Triggers need no grant; the two for operators are called as the owner of the database, in the SQL editor.
revoke all on function private.require_own_google_account() from public;
revoke all on function private.keep_google_id() from public;
revoke all on function private.no_address(uuid) from public;
revoke all on function private.release_address(uuid) from public;
revoke all on function private.set_address(uuid, text, boolean) from public;
revoke all on function private.update_email() from public;
revoke all on function private.follow_identity() from public;
revoke all on function private.replace_google_account(uuid, text) from public;

-- What a tier gives is public; operators change it.
alter table public.tier_limits enable row level security;

create policy "limits are public" on public.tier_limits for select to anon, authenticated
  using (true);

revoke all on table public.tier_limits from anon, authenticated, service_role;
grant select on table public.tier_limits to anon, authenticated, service_role;

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

-- The database's owner and pg_cron alone: nobody through the API, and no handler either.
alter table private.cron_jobs enable row level security;

create policy "nobody through the API" on private.cron_jobs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.cron_jobs from anon, authenticated, service_role;

revoke all on function private.call_function(text, jsonb, text) from public;
revoke all on function private.apply_cron_jobs() from public;
revoke all on function private.apply_changed_cron_jobs() from public;

-- Written by two functions that handlers call, read by a third.
alter table private.job_runs enable row level security;

create policy "nobody through the API" on private.job_runs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.job_runs from anon, authenticated, service_role;

revoke all on function public.begin_job_run(text, text) from public, anon, authenticated;
grant execute on function public.begin_job_run(text, text) to service_role;
revoke all on function public.finish_job_run(uuid, text, jsonb, text) from public, anon, authenticated;
grant execute on function public.finish_job_run(uuid, text, jsonb, text) to service_role;
revoke all on function private.longest_job_run() from public;
revoke all on function private.cron_period(text) from public;
revoke all on function private.minutes_since(timestamptz) from public;
revoke all on function private.state_of_jobs() from public;
