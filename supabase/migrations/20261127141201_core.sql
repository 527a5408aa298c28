-- Core, number 1 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/common.sql

-- The schema that the API does not serve, and the functions that several tables share.

create schema private;
comment on schema private is
  'Not served by the API: users'' addresses, what only handlers use, and trigger functions.';

-- Nobody who reaches the database through the API makes temporary objects: a temporary type, table or operator could be taken
-- for one of ours. PostgreSQL grants TEMPORARY to PUBLIC by default.
do $$ begin execute pg_catalog.format('revoke temporary on database %I from public', pg_catalog.current_database()); end $$;

-- What GraphQL (pg_graphql) makes of the tables: names as JavaScript has them, pages of 100 rows at most, and no listing of
-- the schema to any caller. Directives in the comments of tables and foreign keys name the rest; docs/graphql.md explains.
comment on schema public is
  e'Showcase\nPeople, their projects, and what those earn on other platforms.\n'
  '@graphql({"inflect_names": true, "max_rows": 100, "introspection": false})';

-- updated_at tells when a row changed, whatever a client sends.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Trigger: keeps updated_at.';

-- Users send back the times that they read; handlers and the demo rows may say when something was made.
create function private.keep_created_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    new.created_at := old.created_at;
  else
    new.created_at := now();
  end if;
  return new;
end
$$;
comment on function private.keep_created_at() is 'Trigger: created_at tells when a row was added.';

-- A row keeps its id and its owner, for every role: row-level security alone would let service_role move it, and column
-- grants alone would refuse an upsert that repeats the same values.
create function private.keep_owner() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'The id and the owner of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_owner() is 'Trigger: refuses a change of id or user_id.';

-- policies/common.sql

-- The schema's door: views and policies of public call functions in here, and the hook of Auth lives here.
grant usage on schema private to anon, authenticated, service_role, supabase_auth_admin;

-- Trigger functions are called by no role; new functions are open to everybody until they are closed.
revoke all on function private.touch_updated_at() from public;
revoke all on function private.keep_owner() from public;
revoke all on function private.keep_created_at() from public;

-- sql/core/links.sql

-- Links as users paste them, each in one form: what the browser's address bar and the share menus give. A link that is
-- none of its platform's is null here; the trigger refuses it with an example.

-- [host in lower case, path without slashes around it, query]; null where it is no http(s) address of a named host, or names a
-- user or another port.
create function private.link_parts(link text) returns text[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select array[lower(part[1]), btrim(regexp_replace(coalesce(part[2], ''), '/+', '/', 'g'), '/'), coalesce(part[3], '')]
  from regexp_match(
    link,
    '^(?:(?:https?:)?//)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?::(?:80|443))?'
      '(?:/([^?#[:space:]]*))?(?:\?([^#[:space:]]*))?(?:#[^[:space:]]*)?$',
    'i'
  ) as part
$$;
comment on function private.link_parts(text) is 'Host, path and query of an http(s) address, with or without its scheme.';

create function private.canonical_github_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://github.com/' || owner || '/' || name
  from private.link_parts(regexp_replace(
    link, '^(?:git\+)?(?:(?:ssh://)?git@github\.com[:/]|(?:git|https?)://github\.com/)', 'https://github.com/', 'i'
  )) as part
  cross join lateral (
    select split_part(part[2], '/', 1) as owner, regexp_replace(split_part(part[2], '/', 2), '(.)(?:\.git)+$', '\1', 'i') as name
  ) as repository
  where part[1] in ('github.com', 'www.github.com')
    and owner ~ '^[A-Za-z0-9][A-Za-z0-9-]{0,38}$'
    and name ~ '^[A-Za-z0-9._-]{1,100}$' and name not in ('.', '..')
    -- GitHub's own pages, which nobody's account is named like.
    and lower(owner) <> all ('{
      about,account,apps,codespaces,collections,customer-stories,dashboard,enterprise,events,explore,features,issues,login,
      marketplace,new,notifications,organizations,orgs,pricing,pulls,resources,search,security,sessions,settings,signup,
      site,solutions,sponsors,stars,team,topics,trending,users
    }'::text[])
$$;
comment on function private.canonical_github_link(text) is
  'https://github.com/<owner>/<name> of a link to any page of a repository, or of its clone address.';

create function private.canonical_twitter_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://x.com/' || regexp_replace(post[1], '^i/web$', 'i', 'i') || '/status/' || post[2]
  from private.link_parts(replace(link, '/#!/', '/')) as part
  cross join lateral regexp_match(
    part[2], '^([a-z0-9_]{1,20}|i/web)/status(?:es)?/([0-9]{1,25})(?:/.*)?$', 'i'
  ) as post
  where regexp_replace(part[1], '^(?:www|mobile|m)\.', '') in ('x.com', 'twitter.com')
$$;
comment on function private.canonical_twitter_link(text) is 'https://x.com/<handle>/status/<number> of a link to a post.';

create function private.canonical_linkedin_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select 'https://www.linkedin.com/feed/update/urn:li:'
    || case lower(post[1]) when 'ugcpost' then 'ugcPost' else lower(post[1]) end || ':' || post[2]
  from private.link_parts(
    regexp_replace(regexp_replace(link, '%(?:25)?3A', ':', 'gi'), '^urn:li:', 'linkedin.com/feed/update/urn:li:', 'i')
  ) as part
  cross join lateral coalesce(
    regexp_match(
      part[2],
      '^(?:embed/|mwlite/)?(?:feed/update|video/event|video/live)/(?:urn:li:)?(activity|share|ugcPost):([0-9]{1,25})(?:/.*)?$',
      'i'
    ),
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    regexp_match(
      part[2], '^(?:mwlite/)?posts/(?:[^/]*[_-])?(activity|share|ugcPost)-([0-9]{1,25})(?:-[^/]*)?(?:/.*)?$', 'i'
    ),
    -- Of a notification: the feed, with the post on top.
    case when part[2] = 'feed' then regexp_match(
      part[3], '(?:^|&)(?:highlightedUpdateUrn|updateEntityUrn)=urn:li:(activity|share|ugcPost):([0-9]{1,25})(?:&|$)', 'i'
    ) end
  ) as post
  where part[1] ~ '^(?:[a-z-]{1,10}\.)?linkedin\.com$' and post is not null
$$;
comment on function private.canonical_linkedin_link(text) is
  'https://www.linkedin.com/feed/update/urn:li:<kind>:<number> of a link to a post.';

-- Any site. Without a scheme it has to look like a host: "engine" alone is a word.
create function private.canonical_web_link(link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select scheme || '://' || host || case when port in (':443', ':80') and (port = ':443') = (scheme = 'https') then '' else port end
    || coalesce(part[4], '')
  from regexp_match(
    link, '^(?:(https?):)?(?://)?([^/?#@:[:space:]]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?([/?#][^[:space:]]*)?$', 'i'
  ) as part
  cross join lateral (
    select lower(coalesce(part[1], 'https')) as scheme, lower(part[2]) as host, coalesce(part[3], '') as port
  ) as canonical
  where link !~ '[[:cntrl:]]' and (part[1] is not null or host ~ '^[^.]+(\.[^.]+)*\.[^.0-9]{2,}$')
$$;
comment on function private.canonical_web_link(text) is 'An http(s) address with its scheme, and its host in lower case.';

-- Of what users paste by mistake, say what to do instead.
create function private.link_advice(link text, example text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when (private.link_parts(link))[1] in ('lnkd.in', 't.co', 'git.io', 'bit.ly')
      then 'Open this short link, and paste the address that it leads to.'
    when link ~* 'linkedin\.com/(pulse|in|company)/' then 'Open one post, and choose "Copy link to post" in its menu.'
    else 'For example ' || example || '.'
  end
$$;
comment on function private.link_advice(text, text) is 'The hint beside a link that was refused.';

-- One field of projects. Longer ones are left to the CHECK of their length: no pattern reads them.
create function private.canonical_link(field text, link text) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  pasted constant text := btrim(link, e' \t\r\n\u00a0\u200b\ufeff');
  canonical text;
begin
  if link is null or char_length(link) > 2048 then
    return link;
  end if;
  canonical := case field
    when 'github_link' then private.canonical_github_link(pasted)
    when 'twitter_link' then private.canonical_twitter_link(pasted)
    when 'linkedin_link' then private.canonical_linkedin_link(pasted)
    when 'live_link' then private.canonical_web_link(pasted)
  end;
  if canonical is null then
    raise exception '% is no link to %.', field, case field
        when 'github_link' then 'a repository on GitHub'
        when 'twitter_link' then 'a post on X'
        when 'linkedin_link' then 'a post on LinkedIn'
        else 'a web page'
      end
      using errcode = 'check_violation', schema = 'public', table = 'projects', column = field,
        constraint = 'projects_' || field || '_address', detail = 'projects.' || field,
        hint = private.link_advice(pasted, case field
          when 'github_link' then 'https://github.com/ada/engine'
          when 'twitter_link' then 'https://x.com/ada/status/1700000000000000001'
          when 'linkedin_link' then 'https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001'
          else 'https://engine.example.com'
        end);
  end if;
  return canonical;
end
$$;
comment on function private.canonical_link(text, text) is
  'A link of projects in its one form. Raises check_violation with the field in detail and an example in hint.';

-- Definer, so that no role needs the functions above.
create function private.canonicalize_links() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.live_link := private.canonical_link('live_link', new.live_link);
  new.github_link := private.canonical_link('github_link', new.github_link);
  new.linkedin_link := private.canonical_link('linkedin_link', new.linkedin_link);
  new.twitter_link := private.canonical_link('twitter_link', new.twitter_link);
  return new;
end
$$;
comment on function private.canonicalize_links() is 'Trigger: the links of a project are stored in one form, whatever was pasted.';

-- sql/core/users.sql

-- Profiles. The table is private because it holds addresses; public.users is what the API serves.

-- A function, because a CHECK has no other way to look into an array.
create function private.are_links(links text[]) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(bool_and(
    link is not null and char_length(link) <= 2048 and link ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'
  ), true) from unnest(links) as link
$$;
comment on function private.are_links(text[]) is 'Whether each of them is an http(s) address of at most 2048 characters.';

create table private.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null unique constraint users_email_length check (char_length(email) between 1 and 255),
  username text not null unique
    constraint users_username_format check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$'),
  avatar_url text
    constraint users_avatar_url_format check (avatar_url ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$')
    constraint users_avatar_url_length check (char_length(avatar_url) <= 2048),
  google_id text not null unique constraint users_google_id_length check (char_length(google_id) between 1 and 255),
  tier text not null default 'free' constraint users_tier_choices check (tier in ('free', 'paid')),
  created_at timestamptz not null default now(),
  name text constraint users_name_length check (char_length(name) between 1 and 100),
  headline text constraint users_headline_length check (char_length(headline) between 1 and 200),
  bio text constraint users_bio_length check (char_length(bio) between 1 and 5000),
  location text constraint users_location_length check (char_length(location) between 1 and 100),
  links text[] not null default '{}'
    constraint users_links_count check (cardinality(links) <= 10)
    constraint users_links_address check (private.are_links(links))
);
comment on table private.users is 'One profile for each user; made at the first sign-in.';
comment on column private.users.email is
  'The address that Google vouches for; <id>@no-address.invalid where it gave none that can be used.';
comment on column private.users.username is
  'Lower-case letters, digits, - and _; 1 to 32; derived from the address at first.';
comment on column private.users.google_id is 'The subject (sub) of the Google identity.';
comment on column private.users.tier is 'What the user pays for; only handlers change it.';
comment on column private.users.name is 'The name to show; null until the user writes one: a real name is nobody else''s to publish.';
comment on column private.users.headline is 'One line below the name.';
comment on column private.users.bio is 'Some paragraphs of plain text.';
comment on column private.users.location is 'Where the user says to be: free text.';
comment on column private.users.links is 'The user''s other pages, in the order to show: at most 10 http(s) addresses.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint users_email_length on private.users is 'Email must have 1 to 255 characters.';
comment on constraint users_username_format on private.users is
  'A username must have 1 to 32 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint users_avatar_url_format on private.users is
  'A web address that begins with http:// or https://.';
comment on constraint users_avatar_url_length on private.users is 'Avatar URL must have 2,048 characters at most.';
comment on constraint users_google_id_length on private.users is 'Google ID must have 1 to 255 characters.';
comment on constraint users_tier_choices on private.users is 'Tier must be free or paid.';
comment on constraint users_name_length on private.users is 'Name must have 1 to 100 characters.';
comment on constraint users_headline_length on private.users is 'Headline must have 1 to 200 characters.';
comment on constraint users_bio_length on private.users is 'Bio must have 1 to 5,000 characters.';
comment on constraint users_location_length on private.users is 'Location must have 1 to 100 characters.';
comment on constraint users_links_count on private.users is 'Links must be 10 at most.';
comment on constraint users_links_address on private.users is
  'Each link is a web address that begins with http:// or https://, of 2,048 characters at most.';
comment on constraint users_username_key on private.users is 'Somebody has this username. Choose another.';

-- The address and the Google id of a profile, for its owner and for handlers. Definer, because no role of the API may
-- read these two columns. The setting `role` is what SET ROLE left: a caller cannot forge it with a claim.
create function private.email_of(profile uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select email from private.users
  where id = profile and (id = (select auth.uid()) or current_setting('role') = 'service_role')
$$;
comment on function private.email_of(uuid) is 'The address of one''s own profile; for service_role, of any.';

create function private.google_id_of(profile uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select google_id from private.users
  where id = profile and (id = (select auth.uid()) or current_setting('role') = 'service_role')
$$;
comment on function private.google_id_of(uuid) is 'The Google id of one''s own profile; for service_role, of any.';

-- What the API serves: everybody's profile, and the two private columns only where the reader may know them. The CASE
-- keeps the definer functions from being called once for every row of a list.
create view public.users with (security_invoker = true) as
select
  id,
  case when id = (select auth.uid()) or current_user = 'service_role' then private.email_of(id) end as email,
  username,
  avatar_url,
  case when id = (select auth.uid()) or current_user = 'service_role' then private.google_id_of(id) end as google_id,
  tier,
  created_at,
  name,
  headline,
  bio,
  location,
  links
from private.users;
comment on view public.users is
  e'Profiles. email and google_id are filled on one''s own row only.\n'
  '@graphql({"name": "User", "primary_key_columns": ["id"]})';

-- As the links of projects: taken as pasted, stored in one form.
create function private.canonicalize_profile_links() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if cardinality(new.links) <= 10 then
    new.links := array(
      select coalesce(private.canonical_web_link(btrim(left(link, 2049), e' \t\r\n\u00a0\u200b\ufeff')), link)
      from unnest(new.links) with ordinality as pasted (link, place) order by place
    );
  end if;
  return new;
end
$$;
comment on function private.canonicalize_profile_links() is 'Trigger: the links of a profile have their scheme; the CHECK refuses the rest.';

create trigger canonicalize_links before update on private.users
  for each row when (old.links is distinct from new.links) execute function private.canonicalize_profile_links();

-- sql/core/reserved_usernames.sql

-- Usernames that nobody can take. Add what the front end has at its root.

create table private.reserved_usernames (
  username text primary key check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$')
);
comment on table private.reserved_usernames is
  'Names that nobody can take: profiles are at the site''s root, beside its own pages, and some names speak for us.';

insert into private.reserved_usernames (username)
select word from regexp_split_to_table('
    about abuse account accounts admin administrator anonymous api app apps assets auth authorize billing blog
    callback card careers cdn checkout community contact cookies dashboard design designs developer developers docs
    download downloads edit email explore export faq favicon feed feedback files ftp functions graphql health help
    home images img index info invite jobs layouts legal login logout mail media metrics mobile moderator newsletter
    notifications null oauth official onboarding password payment payments plans portal press pricing privacy
    private profile profiles project projects public register rest robots root rss sales search security session
    sessions settings shop showcase sign-in sign-out sign-up signin signout signup site sitemap smtp sso staff
    static status storage store stripe subscribe subscription subscriptions support system tags team technologies
    templates terms tos undefined unsubscribe upload uploads users verify video videos webhook webhooks webmaster
    www
  ', '\s+') as word
where word <> '';

-- sql/core/former_usernames.sql

-- Usernames that were given up. For 90 days nobody else gets one, and it leads to its former owner for as long as nobody else
-- has it: a printed QR code must not lead to a stranger.

create table private.former_usernames (
  -- A hash, because the hold outlives an account that is deleted.
  username_hash text primary key constraint former_usernames_username_hash_format check (username_hash ~ '^[0-9a-f]{64}$'),
  user_id uuid references private.users (id) on delete set null,
  freed_at timestamptz not null default now()
);
comment on table private.former_usernames is 'Usernames that were given up, by their SHA-256, and by whom.';
comment on column private.former_usernames.user_id is 'Where the name still leads; null: the account is deleted.';
create index former_usernames_user_id_idx on private.former_usernames (user_id);

create function private.username_hash(username text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(lower($1), 'utf8')), 'hex')
$$;
comment on function private.username_hash(text) is 'By which a username is remembered, in whatever case it is written.';

create function private.is_username_held(username text, user_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from private.former_usernames as former
    where former.username_hash = private.username_hash($1) and former.freed_at > now() - interval '90 days'
      and former.user_id is distinct from $2
  )
$$;
comment on function private.is_username_held(text, uuid) is 'Whether a username is kept from this user, because another one had it.';

-- In one order, so that two users who exchange names do not wait for each other.
create function private.lock_usernames(variadic usernames text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('username ' || name, 0))
  from (select distinct unnest(usernames) as name order by name) as locked
$$;
comment on function private.lock_usernames(text[]) is
  'Locks usernames until the transaction ends: who takes one sees whether it has just been given up.';

-- Definer, because no role of the API may read these lists. Who has a reserved name already keeps it.
create function private.check_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform private.lock_usernames(old.username, new.username);
  else
    perform private.lock_usernames(new.username);
  end if;
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', constraint = 'users_username_reserved', detail = 'users.username', hint = 'Choose another username.';
  elsif private.is_username_held(new.username, new.id) then
    raise exception 'The username % belonged to somebody else until lately.', new.username
      using errcode = 'check_violation', constraint = 'users_username_held', detail = 'users.username', hint = 'Choose another username.';
  elsif tg_op = 'UPDATE' and current_setting('role') = 'authenticated' and (
    select count(*) >= 10 from private.former_usernames as former
    where former.user_id = new.id and former.freed_at > now() - interval '90 days'
      and former.username_hash <> private.username_hash(new.username)
  ) then
    -- Each change keeps a name from everybody else.
    raise exception 'You may change your username 10 times in 90 days.'
      using errcode = 'PT429', detail = 'users.username', hint = 'Take back one that you had, or wait.';
  end if;
  return new;
end
$$;
comment on function private.check_username() is 'Trigger: nobody takes a reserved or held name, or gives up many.';

create trigger check_username before insert on private.users
  for each row execute function private.check_username();
create trigger check_changed_username before update on private.users
  for each row when (old.username is distinct from new.username) execute function private.check_username();

create function private.hold_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op <> 'INSERT' then
    insert into private.former_usernames as former (username_hash, user_id)
    values (private.username_hash(old.username), case tg_op when 'UPDATE' then old.id end)
    on conflict (username_hash) do update set user_id = excluded.user_id, freed_at = excluded.freed_at;
    delete from private.former_usernames as former
    where former.user_id is null and former.freed_at < now() - interval '90 days';
  end if;
  if tg_op <> 'DELETE' then
    delete from private.former_usernames as former where former.username_hash = private.username_hash(new.username);
  end if;
  return null;
end
$$;
comment on function private.hold_username() is 'Trigger: what is given up is held, and what is taken is not any more.';

create trigger hold_username after insert or delete on private.users
  for each row execute function private.hold_username();
create trigger hold_changed_username after update on private.users
  for each row when (old.username is distinct from new.username) execute function private.hold_username();

-- Before the row is locked by nothing else: a name that is freed by a deletion is locked like one that is changed.
create function private.lock_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.lock_usernames(old.username);
  return old;
end
$$;
comment on function private.lock_username() is 'Trigger: the name of a user who is deleted is locked.';

create trigger lock_username before delete on private.users
  for each row execute function private.lock_username();

create function private.find_user(username text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select profile.id from private.users as profile where profile.username = lower($1)),
    (select former.user_id from private.former_usernames as former where former.username_hash = private.username_hash($1))
  )
$$;
comment on function private.find_user(text) is 'Who has a username, in any case, or had it last; null where nobody did.';

create function public.username_available(username text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when lower(given.name) !~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$' then 'invalid'
    when own.id is not null then 'available'
    when exists (select from private.users as profile where profile.username = lower(given.name)) then 'taken'
    when exists (select from private.reserved_usernames as reserved where reserved.username = lower(given.name)) then 'reserved'
    when private.is_username_held(given.name, auth.uid()) then 'held'
    else 'available'
  end
  from (select coalesce($1, '') as name) as given
  left join private.users as own on own.id = auth.uid() and own.username = lower(given.name)
$$;
comment on function public.username_available(text) is
  'Whether the caller can have a username, in lower case: available, taken, reserved, held (another user''s until lately) or invalid.';

-- sql/core/sign_in.sql

-- From a sign-in with Google to a profile. Auth inserts auth.users first and auth.identities after it, in one
-- transaction; at later sign-ins it updates both. raw_user_meta_data can be edited by its owner, so that only the first
-- insert (made from Google's answer) is asked for the Google id, and the address comes from Auth's own columns.

-- Lower-case ASCII words joined by hyphens: "José García" gives jose-garcia, and what has no such letters gives null.
create function private.slug(given text, longest int) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select nullif(trim(both '-_' from left(trim(both '-_' from regexp_replace(
    lower(regexp_replace(normalize(left(given, 255), nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9_]+', '-', 'g'
  )), longest)), '')
$$;
comment on function private.slug(text, int) is 'Lower-case ASCII of at most so many characters, for an address; or null.';

-- A picture that the profile can hold, or none.
create function private.picture_from(metadata jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select picture
  from unnest(array[metadata ->> 'avatar_url', metadata ->> 'picture']) with ordinality as given (picture, rank)
  where picture ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' and char_length(picture) <= 2048
  order by rank
  limit 1
$$;
comment on function private.picture_from(jsonb) is 'The http(s) address of the picture in Google''s claims, or null.';

-- The first sign-in makes the profile. Whatever Google says about a user, this succeeds: a name that is taken, held or
-- reserved gets a number, an address that is missing, too long or another profile's is replaced by one that cannot
-- receive mail.
create function private.create_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the user's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1), 24),
    private.slug(new.raw_user_meta_data ->> 'name', 24),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    -- PT403: Auth answers an operator who makes an account 403 and these words.
    raise exception 'Sign-in is by Google only.' using errcode = 'PT403';
  end if;
  loop
    perform private.lock_usernames(candidate);
    insert into private.users (id, email, username, avatar_url, google_id)
    select
      new.id,
      case
        when char_length(address) <= 255 and not exists (select from private.users where email = address) then address
        else private.no_address(new.id)
      end,
      candidate,
      private.picture_from(new.raw_user_meta_data),
      left(subject, 255)
    where not exists (select from private.reserved_usernames as reserved where reserved.username = candidate)
      and not private.is_username_held(candidate, new.id)
    on conflict do nothing; -- waits for a concurrent sign-up with the same name, and then looks again
    exit when found;
    if exists (select from private.users where google_id = left(subject, 255)) then
      raise exception 'This Google account has a profile already.' using errcode = 'unique_violation';
    end if;
    attempt := attempt + 1;
    candidate := case
      when attempt < 10 then name || '-' || attempt
      when attempt < 30 then name || '-' || lpad((random() * 999999)::int::text, 6, '0')
      else replace(new.id::text, '-', '')
    end;
  end loop;
  return null;
end
$$;
comment on function private.create_profile() is 'Trigger: the first sign-in makes the profile.';

create trigger create_profile after insert on auth.users
  for each row execute function private.create_profile();

-- Later sign-ins bring the new picture, unless the user has chosen another one meanwhile.
create function private.update_picture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.users set avatar_url = private.picture_from(new.raw_user_meta_data)
  where id = new.id and avatar_url is not distinct from private.picture_from(old.raw_user_meta_data);
  return null;
end
$$;
comment on function private.update_picture() is 'Trigger: a later sign-in brings the new picture.';

create trigger update_picture after update of raw_user_meta_data on auth.users
  for each row when (old.raw_user_meta_data is distinct from new.raw_user_meta_data)
  execute function private.update_picture();

-- Auth asks this before it makes an account: the earlier and kinder refusal, where hooks are served.
-- Its address in the configuration of Auth: pg-functions://postgres/private/before_user_created
create function private.before_user_created(event jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case
    when event #>> '{user,app_metadata,provider}' = 'google' then '{}'::jsonb
    else '{"error": {"http_code": 403, "message": "Please sign in with Google."}}'::jsonb
  end
$$;
comment on function private.before_user_created(jsonb) is
  'Hook of Auth: refuses accounts that do not come from Google.';

-- sql/core/google_identities.sql

-- Who somebody is: the subject (sub) of one Google account, and nothing else (OpenID Connect Core 1.0, 5.7: an address may
-- be reassigned). Auth links a new Google account to an existing user by its verified address; here that is refused.

-- Before, so that nothing of a refused sign-in is stored. It is checked at each later sign-in too, which updates the
-- identity: one that was linked before this rule opens nothing any more.
-- Auth makes an identity of provider email itself, when an address is confirmed or an operator sets one: its id is the user's,
-- and nobody signs in by it. PT403: Auth answers an operator 403 and these words.
create function private.require_own_google_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- A soft deletion hides who it was.
  if tg_op = 'UPDATE' and exists (
    select from auth.users as account where account.id = new.user_id and account.deleted_at is not null
  ) then
    return new;
  end if;
  if new.provider = 'email' and new.provider_id = new.user_id::text and exists (
    select from private.users as profile where profile.id = new.user_id
  ) then
    return new;
  end if;
  if new.provider is distinct from 'google' then
    raise exception 'Sign-in is by Google only.' using errcode = 'PT403';
  end if;
  if exists (
    select from private.users as profile
    where profile.id = new.user_id and profile.google_id is distinct from left(new.provider_id, 255)
  ) then
    raise exception 'This address belongs to the account of another Google account.'
      using errcode = 'PT403', detail = format('user %s', new.user_id);
  end if;
  return new;
end
$$;
comment on function private.require_own_google_account() is
  'Trigger: an identity is Google''s and the one that its user began with, or the one that Auth makes of their address.';

create trigger require_own_google_account before insert or update on auth.identities
  for each row execute function private.require_own_google_account();

-- The other half, at the end of the transaction: a change of a profile's Google id is one of its identity too.
create function private.keep_google_id() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from auth.identities as identity
    where identity.user_id = new.id and identity.provider = 'google'
      and left(identity.provider_id, 255) <> new.google_id
  ) then
    raise exception 'The Google id of a profile is that of its identity.' using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end
$$;
comment on function private.keep_google_id() is 'Trigger: the Google id changes with the identity only.';

create constraint trigger keep_google_id after update on private.users deferrable initially deferred
  for each row when (old.google_id is distinct from new.google_id)
  execute function private.keep_google_id();

create function private.no_address(user_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$ select user_id || '@no-address.invalid' $$;
comment on function private.no_address(uuid) is 'The address of a profile that has none: it cannot receive mail.';

-- Frees what this user's rows say about an address, in Auth's tables too: Auth looks there for whom to link.
create function private.release_address(user_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update auth.identities as identity set identity_data = identity.identity_data || jsonb_build_object(
    'email', private.no_address($1), 'email_verified', false
  ) where identity.user_id = $1;
  update auth.users as account set email = private.no_address($1) where account.id = $1;
  update private.users as profile set email = private.no_address($1) where profile.id = $1;
$$;
comment on function private.release_address(uuid) is
  'Operators: the address of this user is no longer theirs; who has it now can sign in to an account of their own.';

-- An address is of the account whose identity Google named it for last. Elsewhere it is stale, and mail about one account
-- would reach the owner of another.
create function private.set_address(profile uuid, given text, is_verified boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  address constant text := lower(trim(given));
begin
  if char_length(address) not between 1 and 255 or address is null then
    return;
  end if;
  if is_verified then
    perform private.release_address(stale.id) from (
      select other.id from private.users as other where other.email = address
      union select account.id from auth.users as account where account.email = address
      union select identity.user_id from auth.identities as identity where identity.email = address
    ) as stale where stale.id <> profile;
  end if;
  update private.users set email = address where id = profile and email <> address;
  update auth.users set email = address where id = profile and email is distinct from address;
exception
  when unique_violation then
    raise log 'The new address of profile % is another profile''s: it keeps the old one.', profile;
end
$$;
comment on function private.set_address(uuid, text, boolean) is
  'Gives a profile and its account a new address; a verified one is taken from where it is stale.';

create function private.update_email() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.set_address(new.id, new.email, false);
  return null;
end
$$;
comment on function private.update_email() is 'Trigger: the address of the account changed.';

create trigger update_email after update of email on auth.users
  for each row when (old.email is distinct from new.email)
  execute function private.update_email();

-- The identity is what Google said last, and nobody can edit it. An address that was set in another way lasts until then.
create function private.follow_identity() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  verified constant text := new.identity_data ->> 'email_verified';
begin
  if new.provider <> 'google' then
    return null; -- update_email follows the account's own address
  end if;
  -- Of a soft-deleted account: the Google account is free for another.
  update private.users as profile set google_id = left(new.provider_id, 255)
  where profile.id = new.user_id and profile.google_id <> left(new.provider_id, 255);
  if verified is distinct from 'false' then
    perform private.set_address(new.user_id, new.identity_data ->> 'email', coalesce(verified = 'true', false));
  end if;
  delete from auth.identities as other
  where other.user_id = new.user_id and other.provider = 'email' and other.email is distinct from new.email;
  return null;
end
$$;
comment on function private.follow_identity() is 'Trigger: the profile follows the address of its identity.';

create trigger follow_identity after insert or update on auth.identities
  for each row execute function private.follow_identity();

-- For somebody who has lost their Google account and proved who they are. The sessions of the old one end.
create function private.replace_google_account(user_id uuid, google_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.users as profile set google_id = $2 where profile.id = $1;
  if not found then
    raise exception 'There is no such user.' using errcode = 'no_data_found';
  end if;
  delete from auth.identities as identity where identity.user_id = $1 and identity.id <> (
    select kept.id from auth.identities as kept
    where kept.user_id = $1 and kept.provider = 'google' order by kept.created_at, kept.id limit 1
  );
  update auth.identities as identity set
    provider_id = $2,
    identity_data = identity.identity_data || jsonb_build_object('sub', $2, 'provider_id', $2)
  where identity.user_id = $1 and identity.provider = 'google';
  delete from auth.sessions as session where session.user_id = $1;
end
$$;
comment on function private.replace_google_account(uuid, text) is
  'Operators: this user signs in with another Google account (its sub) from now on.';

-- sql/core/tier_limits.sql

-- How much of what costs money a user of each tier may have a day. Data: a pricing page shows it, an operator changes it by
-- an UPDATE.

create table public.tier_limits (
  tier text primary key constraint tier_limits_tier_choices check (tier in ('free', 'paid')),
  designs_per_day int not null constraint tier_limits_designs_per_day_range check (designs_per_day >= 0)
);
comment on table public.tier_limits is e'What a user of each tier may have.\n@graphql({"name": "TierLimit"})';
comment on column public.tier_limits.designs_per_day is 'Designs of the assistant, a UTC day.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint tier_limits_tier_choices on public.tier_limits is 'Tier must be free or paid.';
comment on constraint tier_limits_designs_per_day_range on public.tier_limits is 'Designs per day must be 0 or more.';

insert into public.tier_limits (tier, designs_per_day) values ('free', 5), ('paid', 50);

-- sql/core/daily_uses.sql

-- How often a stranger did something today, without keeping who it was: a hash with a salt that is thrown away with the day.

create table private.daily_salts (
  day date primary key,
  salt text not null
);
comment on table private.daily_salts is 'Today''s random salt: without it, no hash of the day leads back to an address.';

create table private.daily_uses (
  day date not null,
  use_hash text not null constraint daily_uses_use_hash_format check (use_hash ~ '^[0-9a-f]{64}$'),
  used int not null default 1 constraint daily_uses_used_range check (used > 0),
  primary key (day, use_hash)
);
comment on table private.daily_uses is 'How often each thing was done today, by a salted hash of what and by whom.';

create function private.today_salt() returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'utc')::date;
  known text;
begin
  select salted.salt into known from private.daily_salts as salted where salted.day = today;
  if known is null then
    insert into private.daily_salts (day, salt) values (today, gen_random_uuid()::text || gen_random_uuid()::text)
    on conflict (day) do nothing;
    delete from private.daily_salts as earlier where earlier.day < today;
    select salted.salt into known from private.daily_salts as salted where salted.day = today;
  end if;
  return known;
end
$$;
comment on function private.today_salt() is 'The salt of today (UTC); the first call of a day makes it and deletes those before.';

-- Each call drops some of what is left of other days, so that no call drops a million.
create function private.use_daily(what text, by text, most int) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.daily_uses as earlier where earlier.ctid = any (array(
    select old.ctid from private.daily_uses as old where old.day < today limit 20 for update skip locked
  ));
  insert into private.daily_uses as counted (day, use_hash)
  values (today, encode(sha256(convert_to(concat_ws(' ', private.today_salt(), what, by), 'utf8')), 'hex'))
  on conflict (day, use_hash) do update set used = counted.used + 1 where counted.used < most;
  return found;
end
$$;
comment on function private.use_daily(text, text, int) is
  'Counts that something was done by somebody today; false, and nothing is counted, where it was done so often already.';

-- Hosted Supabase is behind Cloudflare, which sets CF-Connecting-IP whatever the caller sent; the local gateway does the same.
-- Without it, the last entry of X-Forwarded-For is the nearest proxy's word. IPv6 by network: one caller has all of a /64.
create function private.caller_address() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  given constant text := coalesce(
    headers ->> 'cf-connecting-ip', trim(substring(headers ->> 'x-forwarded-for' from '[^,]*$')), ''
  );
begin
  return case family(given::inet) when 6 then network(set_masklen(given::inet, 64))::text else host(given::inet) end;
exception
  when invalid_text_representation then
    return '';
end
$$;
comment on function private.caller_address() is 'The address that a request came from, an IPv6 one as its /64; empty where it is not known.';

-- sql/core/cron.sql

-- What runs by itself, and when: the one schedule, for pg_cron on hosted Supabase and for local/stack/cron.py elsewhere.

create table private.cron_jobs (
  name text primary key check (name ~ '^[A-Za-z0-9_-]{1,60}$'),
  -- The part of pg_cron's syntax that cron libraries read alike: five fields of numbers (UTC), or so many seconds.
  schedule text not null check (schedule ~ '^([0-9*,/-]+ ){4}[0-9*,/-]+$|^([1-9]|[1-5][0-9]) seconds$'),
  path text not null check (path ~ '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$'),
  body jsonb not null default '{}',
  enabled boolean not null default true,
  since timestamptz not null default now()
);
comment on table private.cron_jobs is 'Which functions are called regularly, and when: the one schedule.';
comment on column private.cron_jobs.schedule is 'As pg_cron takes it, in UTC.';
comment on column private.cron_jobs.path is 'Below /functions/v1/.';
comment on column private.cron_jobs.since is 'From then on its runs are waited for.';

-- The key is read from the Vault at each call, and so stands in no job's text. Waits as long as Supabase lets a function
-- work: with pg_net's own few seconds, longer work would be cut off. Bound late: a database without pg_net and Vault
-- takes this too.
create function private.call_function(path text, body jsonb default '{}', job text default null) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  project_url constant text := (
    select secret.decrypted_secret from vault.decrypted_secrets as secret where secret.name = 'project_url'
  );
  secret_key constant text := (
    select secret.decrypted_secret from vault.decrypted_secrets as secret where secret.name = 'secret_key'
  );
begin
  if project_url is null or secret_key is null then
    raise exception 'The Vault holds no project_url or no secret_key.'
      using hint = 'select vault.create_secret(''https://<ref>.supabase.co'', ''project_url''); and secret_key alike.';
  end if;
  return net.http_post(
    url := rtrim(project_url, '/') || '/functions/v1/' || path,
    body := body,
    headers := jsonb_strip_nulls(
      jsonb_build_object('apikey', secret_key, 'Content-Type', 'application/json', 'X-Cron-Job', job)
    ),
    timeout_milliseconds := 150000
  );
end
$$;
comment on function private.call_function(text, jsonb, text) is
  'Posts to a function of this project as a service, as a run of a job where one is named; the id of pg_net''s request.';

-- Makes pg_cron's jobs what the schedule says, however often it is run. Only jobs of this prefix are ours.
create function private.apply_cron_jobs() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  prefix constant text := 'showcase:';
  missing constant text := concat_ws(', ',
    case when to_regclass('cron.job') is null then 'pg_cron' end,
    case when to_regproc('net.http_post') is null then 'pg_net' end,
    case when to_regclass('vault.decrypted_secrets') is null then 'supabase_vault' end
  );
begin
  if missing <> '' then
    raise notice 'Nothing is scheduled in this database: it has no %.', missing;
    return;
  end if;
  perform cron.unschedule(scheduled.jobid) from cron.job as scheduled
  where scheduled.database = current_database() and scheduled.username = current_user
    and starts_with(scheduled.jobname::text, prefix)
    and not exists (
      select from private.cron_jobs as job where job.enabled and scheduled.jobname::text = prefix || job.name
    );
  perform cron.schedule(
    prefix || job.name, job.schedule, format('select private.call_function(%L, %L, %L)', job.path, job.body, job.name)
  ) from private.cron_jobs as job where job.enabled;
end
$$;
comment on function private.apply_cron_jobs() is
  'Makes pg_cron''s jobs what private.cron_jobs says; says by a notice where there is no pg_cron, pg_net or Vault.';

-- A change of the schedule takes effect with its transaction.
create function private.apply_changed_cron_jobs() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform private.apply_cron_jobs();
  return null;
end
$$;
comment on function private.apply_changed_cron_jobs() is 'Trigger: applies the schedule when it changes.';

create trigger apply_cron_jobs after insert or update or delete or truncate on private.cron_jobs
  for each statement execute function private.apply_changed_cron_jobs();

insert into private.cron_jobs (name, schedule, path) values ('refreshSocialMetrics', '*/5 * * * *', 'refreshSocialMetrics');

-- sql/core/job_runs.sql

-- What became of the runs of each scheduled job.

create table private.job_runs (
  id uuid primary key default gen_random_uuid(),
  job text not null references private.cron_jobs (name) on delete cascade,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  outcome text check (outcome in ('done', 'stopped', 'failed', 'lost')),
  counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object' and octet_length(counts::text) <= 8192),
  request_id text check (char_length(request_id) <= 128),
  error_code text check (char_length(error_code) <= 64)
);
comment on table private.job_runs is 'The runs of scheduled jobs of the last thirty days.';
comment on column private.job_runs.outcome is
  'Null while it runs; stopped: it ended early, and error_code says why; lost: nothing was heard of it any more.';
comment on column private.job_runs.counts is 'The numbers of its answer.';

-- A job's latest runs, and its oldest.
create index job_runs_job_idx on private.job_runs (job, started_at desc);

-- Runs that are not heard of for longer than any may take have died. Old ones are forgotten here: whatever runs, cleans up.
create function public.begin_job_run(job text, request_id text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  begun uuid;
begin
  update private.job_runs as run set outcome = 'lost'
  where run.job = begin_job_run.job and run.outcome is null and run.started_at < now() - private.longest_job_run();
  delete from private.job_runs as run
  where run.job = begin_job_run.job and run.started_at < now() - interval '30 days';
  insert into private.job_runs as run (job, request_id)
  select known.name, begin_job_run.request_id from private.cron_jobs as known where known.name = begin_job_run.job
  returning run.id into begun;
  return begun;
end
$$;
comment on function public.begin_job_run(text, text) is 'Notes that a run has begun; null for a job that is not scheduled.';

create function public.finish_job_run(run_id uuid, outcome text, counts jsonb, error_code text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.job_runs as run set
    finished_at = now(), outcome = finish_job_run.outcome, counts = finish_job_run.counts,
    error_code = left(finish_job_run.error_code, 64)
  where run.id = run_id and run.finished_at is null
$$;
comment on function public.finish_job_run(uuid, text, jsonb, text) is 'Notes what became of a run.';

-- Above what any platform lets a function work.
create function private.longest_job_run() returns interval
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select interval '15 minutes'
$$;
comment on function private.longest_job_run() is 'After so long a run that has not finished is lost.';

-- The longest time between two calls of a schedule, rather too long than too short: lists and ranges count as the next unit.
create function private.cron_period(schedule text) returns interval
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case
    when schedule like '% seconds' then split_part(schedule, ' ', 1)::int * interval '1 second'
    when field.of_week <> '*' then interval '7 days'
    when field.month <> '*' then interval '366 days'
    when field.day <> '*' then interval '31 days'
    when field.hour ~ '^\*/[0-9]+$' then substr(field.hour, 3)::int * interval '1 hour'
    when field.hour <> '*' then interval '1 day'
    when field.minute ~ '^\*/[0-9]+$' then substr(field.minute, 3)::int * interval '1 minute'
    when field.minute = '*' then interval '1 minute'
    else interval '1 hour'
  end
  from (
    select split_part(schedule, ' ', 1) as minute, split_part(schedule, ' ', 2) as hour,
      split_part(schedule, ' ', 3) as day, split_part(schedule, ' ', 4) as month, split_part(schedule, ' ', 5) as of_week
  ) as field
$$;
comment on function private.cron_period(text) is 'The longest time between two calls of a schedule.';

create function private.minutes_since(moment timestamptz) returns numeric
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(round(extract(epoch from now() - moment) / 60), 0)
$$;
comment on function private.minutes_since(timestamptz) is 'Minutes since then; 0 where there is no such moment.';

-- Of the newest three runs that ended, all failed: that does not pass by itself.
create function private.state_of_jobs() returns table (subject text, minutes numeric, verdict text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select job.name, case when latest.started_at is not null then private.minutes_since(latest.started_at) end,
    case
      when coalesce(latest.started_at, job.since) < now() - late.after or ended.failures >= 3 then 'alert'
      when state.outcome in ('failed', 'lost') then 'warn'
      when state.outcome = 'stopped' and latest.error_code not in ('out_of_time', 'overtaken') then 'warn'
      else 'ok'
    end,
    concat_ws(', ',
      case
        when latest.started_at is null then 'never ran'
        when latest.started_at < now() - late.after then 'overdue, last ' || state.outcome
        else state.outcome
      end,
      latest.error_code,
      case when ended.failures >= 3 then 'three times in a row' end
    )
  from private.cron_jobs as job
  -- So long a job is waited for: a run more or less is nothing, a day without the nightly one is.
  cross join lateral (
    select period + greatest(interval '10 minutes', least(period, interval '2 hours')) as after
    from private.cron_period(job.schedule) as period
  ) as late
  left join lateral (
    select run.* from private.job_runs as run where run.job = job.name order by run.started_at desc limit 1
  ) as latest on true
  cross join lateral (
    select coalesce(
      latest.outcome, case when latest.started_at < now() - private.longest_job_run() then 'lost' else 'running' end
    ) as outcome
  ) as state
  cross join lateral (
    select count(*) filter (where newest.outcome in ('failed', 'lost')) as failures from (
      select run.outcome from private.job_runs as run
      where run.job = job.name and run.outcome is not null order by run.started_at desc limit 3
    ) as newest
  ) as ended
  where job.enabled
$$;
comment on function private.state_of_jobs() is 'Each scheduled job: how long ago it ran, and whether that is as it should be.';

-- policies/core.sql

-- Who may read, write and call what of core: row-level security, and grants by column where a row mixes public and private.

-- Called by the trigger alone.
revoke all on function private.link_parts(text) from public, anon, authenticated, service_role;
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
revoke all on function private.hold_username() from public, anon, authenticated, service_role;
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

reset check_function_bodies;
