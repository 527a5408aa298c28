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
