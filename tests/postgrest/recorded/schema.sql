-- The schema that PostgREST was asked on, as it was then: the migrations up to 20261123000100, one after the other.

-- 20261122150000_create_private_schema
-- The schema that the API does not serve, and the functions that several tables share.

create schema private;
comment on schema private is
  'Not served by the API: people''s addresses, what only handlers use, and trigger functions.';

-- updated_at tells when a row changed, whatever a client sends.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Trigger: keeps updated_at.';

-- A row keeps its id and its owner, for every role: row-level security alone would let service_role move it, and column
-- grants alone would refuse an upsert that repeats the same values.
create function private.keep_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'The id and the owner of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_owner() is 'Trigger: refuses a change of id or user_id.';

-- The front end renders each block by its type: anything else in the list would break a page.
create function private.is_block_list(blocks jsonb) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then false
    when jsonb_array_length(blocks) > 200 or octet_length(blocks::text) > 262144 then false
    else not exists (
      select from jsonb_array_elements(blocks) as block
      where jsonb_typeof(block) <> 'object'
        or jsonb_typeof(block -> 'type') is distinct from 'string'
        or char_length(block ->> 'type') not between 1 and 64
    )
  end
$$;
comment on function private.is_block_list(jsonb) is
  'Whether this is an array of at most 200 objects (256 kB), each with a type.';

-- The schema's door: views and policies of public call functions in here, and the hook of Auth lives here.
grant usage on schema private to anon, authenticated, service_role, supabase_auth_admin;

-- Trigger functions are called by no role; new functions are open to everybody until they are closed.
revoke all on function private.touch_updated_at() from public;
revoke all on function private.keep_owner() from public;

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.is_block_list(jsonb) from public;
grant execute on function private.is_block_list(jsonb) to authenticated, service_role;

-- 20261122150100_create_users
-- Profiles. The table is private because it holds addresses; public.users is what the API serves.

create table private.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null unique check (char_length(email) between 1 and 255),
  username text not null unique check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$'),
  avatar_url text check (avatar_url ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' and char_length(avatar_url) <= 2048),
  google_id text not null unique check (char_length(google_id) between 1 and 255),
  tier text not null default 'free' check (tier in ('free', 'paid')),
  created_at timestamptz not null default now()
);
comment on table private.users is 'One profile for each person; made at the first sign-in.';
comment on column private.users.email is
  'The address that Google vouches for; <id>@no-address.invalid where it gave none that can be used.';
comment on column private.users.username is
  'Lower-case letters, digits, - and _; 1 to 32; derived from the address at first.';
comment on column private.users.google_id is 'The subject (sub) of the Google identity.';
comment on column private.users.tier is 'What the person pays for; only handlers change it.';

-- The address and the Google id of a profile, for its owner and for handlers. Definer, because no role of the API may
-- read these two columns. The setting `role` is what SET ROLE left: a caller cannot forge it with a claim.
create function private.email_of(profile uuid) returns text
language sql stable security definer set search_path = '' as $$
  select email from private.users
  where id = profile and (id = (select auth.uid()) or current_setting('role') = 'service_role')
$$;
comment on function private.email_of(uuid) is 'The address of one''s own profile; for service_role, of any.';

create function private.google_id_of(profile uuid) returns text
language sql stable security definer set search_path = '' as $$
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
  created_at
from private.users;
comment on view public.users is 'Profiles. email and google_id are filled on one''s own row only.';

-- Everybody may look up a profile; a person changes their own name and picture; only handlers change a tier.
alter table private.users enable row level security;

create policy "profiles are public" on private.users for select to anon, authenticated
  using (true);
create policy "people change their own profile" on private.users for update to authenticated
  using (id = (select auth.uid())) with check (id = (select auth.uid()));

-- Column grants on the table, because the view asks with its reader's rights: email and google_id are in none of them.
revoke all on table private.users from anon, authenticated, service_role;
grant select (id, username, avatar_url, tier, created_at) on table private.users to anon, authenticated, service_role;
grant update (username, avatar_url) on table private.users to authenticated;
grant update (username, avatar_url, tier) on table private.users to service_role;

revoke all on table public.users from anon, authenticated, service_role;
grant select on table public.users to anon, authenticated, service_role;
grant update (username, avatar_url) on table public.users to authenticated;
grant update (username, avatar_url, tier) on table public.users to service_role;

revoke all on function private.email_of(uuid) from public;
revoke all on function private.google_id_of(uuid) from public;
grant execute on function private.email_of(uuid) to anon, authenticated, service_role;
grant execute on function private.google_id_of(uuid) to anon, authenticated, service_role;

-- 20261122150200_create_sign_in
-- From a sign-in with Google to a profile. Auth inserts auth.users first and auth.identities after it, in one
-- transaction; at later sign-ins it updates both. raw_user_meta_data can be edited by its owner, so that only the first
-- insert (made from Google's answer) is asked for the Google id, and the address comes from Auth's own columns.

-- Lower-case ASCII words joined by hyphens: "José García" gives jose-garcia, and what has no such letters gives null.
create function private.slug(given text) returns text
language sql immutable set search_path = '' as $$
  select nullif(trim(both '-_' from left(trim(both '-_' from regexp_replace(
    lower(regexp_replace(normalize(left(given, 255), nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9_]+', '-', 'g'
  )), 24)), '')
$$;
comment on function private.slug(text) is 'Lower-case ASCII, at most 24 characters: the stem of a username; or null.';

-- A picture that the profile can hold, or none.
create function private.picture_from(metadata jsonb) returns text
language sql immutable set search_path = '' as $$
  select picture
  from unnest(array[metadata ->> 'avatar_url', metadata ->> 'picture']) with ordinality as given (picture, rank)
  where picture ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' and char_length(picture) <= 2048
  order by rank
  limit 1
$$;
comment on function private.picture_from(jsonb) is 'The http(s) address of the picture in what Google told, or null.';

-- The first sign-in makes the profile. Whatever Google says about a person, this succeeds: a name that is taken gets a
-- number, an address that is missing, too long or another profile's is replaced by one that cannot receive mail.
create function private.create_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the person's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1)),
    private.slug(new.raw_user_meta_data ->> 'name'),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
  end if;
  loop
    insert into private.users (id, email, username, avatar_url, google_id)
    values (
      new.id,
      case
        when char_length(address) <= 255 and not exists (select from private.users where email = address) then address
        else new.id || '@no-address.invalid'
      end,
      candidate,
      private.picture_from(new.raw_user_meta_data),
      left(subject, 255)
    )
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

-- Later sign-ins bring the new picture, unless the person has chosen another one meanwhile.
create function private.update_picture() returns trigger
language plpgsql security definer set search_path = '' as $$
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

-- A new address, unless it is unusable or another profile's: then the old one stays.
create function private.set_email(profile uuid, given text) returns void
language plpgsql security definer set search_path = '' as $$
declare
  address constant text := lower(trim(given));
begin
  if char_length(address) between 1 and 255 then
    update private.users set email = address where id = profile and email <> address;
  end if;
exception
  when unique_violation then
    raise log 'The new address of profile % is another profile''s: it keeps the old one.', profile;
end
$$;
comment on function private.set_email(uuid, text) is 'Gives a profile a new address if that is possible.';

create function private.update_email() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.set_email(new.id, new.email);
  return null;
end
$$;
comment on function private.update_email() is 'Trigger: the address of the account changed.';

create trigger update_email after update of email on auth.users
  for each row when (old.email is distinct from new.email)
  execute function private.update_email();

-- The identity is what Google said last, and nobody can edit it. No other provider can be linked to an account.
create function private.follow_identity() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if new.provider is distinct from 'google' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
  end if;
  if new.identity_data ->> 'email_verified' is distinct from 'false' then
    perform private.set_email(new.user_id, new.identity_data ->> 'email');
  end if;
  return null;
end
$$;
comment on function private.follow_identity() is
  'Trigger: only Google''s identities; the profile follows their address.';

create trigger follow_identity after insert or update on auth.identities
  for each row execute function private.follow_identity();

-- Auth asks this before it makes an account: the earlier and kinder refusal, where hooks are served.
-- Its address in the configuration of Auth: pg-functions://postgres/private/before_user_created
create function private.before_user_created(event jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select case
    when event #>> '{user,app_metadata,provider}' = 'google' then '{}'::jsonb
    else '{"error": {"http_code": 403, "message": "Please sign in with Google."}}'::jsonb
  end
$$;
comment on function private.before_user_created(jsonb) is
  'Hook of Auth: refuses accounts that do not come from Google.';

-- Triggers need no grant, and nobody else has a reason to call these.
revoke all on function private.slug(text) from public;
revoke all on function private.picture_from(jsonb) from public;
revoke all on function private.create_profile() from public;
revoke all on function private.update_picture() from public;
revoke all on function private.set_email(uuid, text) from public;
revoke all on function private.update_email() from public;
revoke all on function private.follow_identity() from public;

-- Auth calls its hook as itself.
revoke all on function private.before_user_created(jsonb) from public;
grant execute on function private.before_user_created(jsonb) to supabase_auth_admin;

-- 20261122150300_create_projects
-- Projects: what a portfolio shows.

create table public.projects (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references private.users (id) on delete cascade,
  title text not null check (char_length(title) between 1 and 200),
  short_summary text check (char_length(short_summary) <= 500),
  description text check (char_length(description) <= 20000),
  status text not null default 'draft' check (status in ('draft', 'published', 'archived')),
  live_link text check (
    live_link ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(live_link) <= 2048
  ),
  github_link text check (
    github_link ~ '^https://github\.com/[A-Za-z0-9][A-Za-z0-9-]{0,38}/'
      '(?!\.{1,2}([/?]|$))[A-Za-z0-9._-]{1,100}/?([?][^[:space:]#]*)?$'
    and char_length(github_link) <= 2048
  ),
  linkedin_link text check (
    linkedin_link ~ '^https://www\.linkedin\.com/'
      '(feed/update/urn:li:(activity|share|ugcPost):[0-9]{1,25}'
      '|posts/[^[:space:]/?#]+-(activity|share|ugcPost)-[0-9]{1,25}-[A-Za-z0-9_-]+)'
      '/?([?][^[:space:]#]*)?$'
    and char_length(linkedin_link) <= 2048
  ),
  twitter_link text check (
    twitter_link ~ '^https://(x|twitter)\.com/[A-Za-z0-9_]{1,20}/status/[0-9]{1,25}/?([?][^[:space:]#]*)?$'
    and char_length(twitter_link) <= 2048
  ),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.projects is 'A project of a person: everybody sees it once it is published.';
comment on column public.projects.live_link is 'Where the project runs: http or https.';
comment on column public.projects.github_link is
  'The repository whose stars are counted: https://github.com/<owner>/<name>.';
comment on column public.projects.linkedin_link is
  'The post whose likes are counted: www.linkedin.com/feed/update/urn:li:... or www.linkedin.com/posts/...';
comment on column public.projects.twitter_link is
  'The post whose likes are counted: https://x.com/<handle>/status/<number>.';

-- A person's projects, newest first; it serves the foreign key and the policies too.
create index projects_user_id_created_at_idx on public.projects (user_id, created_at desc);
-- The newest published projects of everybody.
create index projects_published_created_at_idx on public.projects (created_at desc) where status = 'published';

create trigger touch_updated_at before update on public.projects
  for each row execute function private.touch_updated_at();
create trigger keep_owner before update on public.projects
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

-- Visitors see what is published; people see and change their own as well.
alter table public.projects enable row level security;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published');
create policy "people see published projects and their own" on public.projects for select to authenticated
  using (status = 'published' or user_id = (select auth.uid()));
create policy "people add their own projects" on public.projects for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own projects" on public.projects for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people delete their own projects" on public.projects for delete to authenticated
  using (user_id = (select auth.uid()));

-- created_at and updated_at are the database's. id and user_id may be written, so that an upsert works; what they may
-- be is for the policies and the trigger keep_owner to say.
revoke all on table public.projects from anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role;
grant
  insert (
    id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link
  ),
  update (
    id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link
  ),
  delete
  on table public.projects to authenticated;
grant insert, update, delete on table public.projects to service_role;

-- Images of a project, in the order in which they are shown.

create table public.project_images (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(url) <= 2048),
  position int not null default 0 check (position >= 0)
);
comment on table public.project_images is 'Images of a project.';
comment on column public.project_images.url is 'The public address of the file, as a rule in the bucket project-media.';

-- The images of a project in their order; it serves the foreign key too.
create index project_images_project_id_position_idx on public.project_images (project_id, position);

-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_images enable row level security;

create policy "as visible as the project" on public.project_images for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_images.project_id));
create policy "owners add images" on public.project_images for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change images" on public.project_images for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete images" on public.project_images for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_images.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_images from anon, authenticated, service_role;
grant select on table public.project_images to anon, authenticated, service_role;
grant insert, update, delete on table public.project_images to authenticated, service_role;

-- Videos of a project, in the order in which they are shown.

create table public.project_videos (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(url) <= 2048),
  position int not null default 0 check (position >= 0)
);
comment on table public.project_videos is 'Videos of a project.';
comment on column public.project_videos.url is 'The public address of the file, as a rule in the bucket project-media.';

-- The videos of a project in their order; it serves the foreign key too.
create index project_videos_project_id_position_idx on public.project_videos (project_id, position);

-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_videos enable row level security;

create policy "as visible as the project" on public.project_videos for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_videos.project_id));
create policy "owners add videos" on public.project_videos for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change videos" on public.project_videos for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete videos" on public.project_videos for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_videos.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_videos from anon, authenticated, service_role;
grant select on table public.project_videos to anon, authenticated, service_role;
grant insert, update, delete on table public.project_videos to authenticated, service_role;

-- Tags of a project.

create table public.project_tags (
  project_id uuid not null references public.projects (id) on delete cascade,
  tag text not null check (char_length(tag) between 1 and 50 and tag !~ '^[[:space:]]|[[:space:]]$'),
  primary key (project_id, tag)
);
comment on table public.project_tags is 'Tags of a project, each once.';

-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_tags enable row level security;

create policy "as visible as the project" on public.project_tags for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_tags.project_id));
create policy "owners add tags" on public.project_tags for insert to authenticated
  with check (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change tags" on public.project_tags for update to authenticated
  using (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete tags" on public.project_tags for delete to authenticated
  using (exists (
    select from public.projects where projects.id = project_tags.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_tags from anon, authenticated, service_role;
grant select on table public.project_tags to anon, authenticated, service_role;
grant insert, update, delete on table public.project_tags to authenticated, service_role;

-- Technologies of a project.

create table public.project_technologies (
  project_id uuid not null references public.projects (id) on delete cascade,
  technology text not null check (
    char_length(technology) between 1 and 50 and technology !~ '^[[:space:]]|[[:space:]]$'
  ),
  primary key (project_id, technology)
);
comment on table public.project_technologies is 'Technologies of a project, each once.';

-- As visible as their project, which the project's own policies decide; changed by its owner.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.project_technologies enable row level security;

create policy "as visible as the project" on public.project_technologies for select to anon, authenticated
  using ((select true from public.projects where projects.id = project_technologies.project_id));
create policy "owners add technologies" on public.project_technologies for insert to authenticated
  with check (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners change technologies" on public.project_technologies for update to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ))
  with check (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners delete technologies" on public.project_technologies for delete to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_technologies.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_technologies from anon, authenticated, service_role;
grant select on table public.project_technologies to anon, authenticated, service_role;
grant insert, update, delete on table public.project_technologies to authenticated, service_role;

-- 20261122150400_create_social_metrics
-- What projects earn on other platforms: one snapshot a day for each project and platform.

create table public.social_metrics (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  likes int not null default 0 check (likes >= 0),
  comments int not null default 0 check (comments >= 0),
  stars int not null default 0 check (stars >= 0),
  forks int not null default 0 check (forks >= 0),
  watchers int not null default 0 check (watchers >= 0),
  retweets int not null default 0 check (retweets >= 0),
  replies int not null default 0 check (replies >= 0),
  recorded_at date not null default (now() at time zone 'utc')::date,
  as_of timestamptz not null default now(),
  unique (project_id, platform, recorded_at) -- serves the foreign key and the latest snapshot too
);
comment on table public.social_metrics is 'Daily snapshots of likes, stars and the like; written by handlers.';
comment on column public.social_metrics.recorded_at is 'The day (UTC) of the snapshot.';
comment on column public.social_metrics.as_of is 'When the platform was asked.';

-- A project's links, its latest snapshot of each platform and its daily history, in one round trip. Invoker: the caller's row-level
-- security decides whether there is a project. One look into the index for each platform, however long the history.
create function public.get_project_metrics(project_id uuid, history_days int default 0) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', project.id,
    'user_id', project.user_id,
    'title', project.title,
    'status', project.status,
    'github_link', project.github_link,
    'linkedin_link', project.linkedin_link,
    'twitter_link', project.twitter_link,
    'snapshots', coalesce(
      (
        select jsonb_agg(to_jsonb(latest) - 'id' - 'project_id' order by latest.platform)
        from unnest(array['github', 'linkedin', 'twitter']) as asked (platform)
        cross join lateral (
          select * from public.social_metrics as metric
          where metric.project_id = project.id and metric.platform = asked.platform
          order by metric.recorded_at desc
          limit 1
        ) as latest
      ),
      '[]'::jsonb
    ),
    'history', coalesce(
      (
        select jsonb_agg(to_jsonb(metric) - 'id' - 'project_id' order by metric.recorded_at, metric.platform)
        from public.social_metrics as metric
        where history_days > 0 and metric.project_id = project.id
          and metric.recorded_at > (now() at time zone 'utc')::date - history_days
      ),
      '[]'::jsonb
    )
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id
$$;
comment on function public.get_project_metrics(uuid, int) is
  'A project''s links, its latest snapshot of each platform, and the last history_days days; null if the caller cannot see the project.';

-- As visible as their project; only handlers write.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.social_metrics enable row level security;

create policy "as visible as the project" on public.social_metrics for select to anon, authenticated
  using ((select true from public.projects where projects.id = social_metrics.project_id));

revoke all on table public.social_metrics from anon, authenticated, service_role;
grant select on table public.social_metrics to anon, authenticated, service_role;
grant insert, update, delete on table public.social_metrics to service_role;

revoke all on function public.get_project_metrics(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.get_project_metrics(uuid, int) to anon, authenticated, service_role;

-- What is to be asked of which platform, and when: one row for each project and platform that the project links to.

create table private.metric_sources (
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  reference text not null,
  platform_id text check (char_length(platform_id) <= 200),
  state text not null default 'active' check (state in ('active', 'gone', 'forbidden', 'paused')),
  due_at timestamptz not null default now(),
  lease_id uuid,
  leased_until timestamptz,
  blocked_until timestamptz,
  attempts int not null default 0,
  last_error text check (char_length(last_error) <= 200),
  primary key (project_id, platform)
);
comment on table private.metric_sources is 'What is asked of which platform, and when; kept in step with the links.';
comment on column private.metric_sources.reference is
  'What the link names: owner/name at GitHub, the post''s number at X, its URN at LinkedIn.';
comment on column private.metric_sources.platform_id is 'The platform''s own lasting id, which survives a renaming.';
comment on column private.metric_sources.state is
  'gone and forbidden were confirmed twice and are asked ever more rarely; paused (not published) is asked on demand only.';
comment on column private.metric_sources.due_at is 'When the daily refresh takes it next; a lease moves it to its own end.';
comment on column private.metric_sources.lease_id is 'Who holds it until leased_until; whoever lost it cannot record.';
comment on column private.metric_sources.blocked_until is 'After a failure: until then nobody asks, on demand neither.';
comment on column private.metric_sources.attempts is 'Failures in a row with last_error.';

-- What the daily refresh takes next.
create index metric_sources_due_idx on private.metric_sources (platform, due_at) where state <> 'paused';

-- The links are checked on the way in: this only picks the part that counts.
create function private.metric_reference(platform text, link text) returns text
language sql immutable parallel safe set search_path = '' as $$
  select case platform
    when 'github' then regexp_replace(substring(link from '^https://github\.com/([^/]+/[^/?]+)'), '([^/])\.git$', '\1')
    when 'twitter' then substring(link from '/status/([0-9]+)')
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    when 'linkedin' then regexp_replace(
      split_part(link, '?', 1),
      '^.*(?:urn:li:(activity|share|ugcPost):([0-9]+)|-(activity|share|ugcPost)-([0-9]+)-[A-Za-z0-9_-]+)/?$',
      'urn:li:\1\3:\2\4'
    )
  end
$$;
comment on function private.metric_reference(text, text) is 'What a link names on its platform.';

-- A stable hour and second for each source spread the load evenly over the day. The last hour stays free: a source that
-- waits a little there is still recorded on its own day, so that no day is skipped.
create function private.next_metric_due(project_id uuid, platform text) returns timestamptz
language plpgsql stable set search_path = '' as $$
begin -- plpgsql: half the time of SQL, and it is asked for each source
  return (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    + make_interval(secs => (uuid_hash_extended(project_id, hashtext(platform)) & 9223372036854775807) % 82800);
end
$$;
comment on function private.next_metric_due(uuid, text) is 'Tomorrow (UTC), at the second that is this source''s own.';

-- A new link is due at once; a changed one starts anew, and what was asked about the old one cannot be recorded any more;
-- a removed one is asked no more. Publishing and archiving leave a source's times alone, else an owner could have the
-- platforms asked at will. The history stays in social_metrics. Definer, because people write projects.
create function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  schedule constant text := case when new.status = 'published' then 'active' else 'paused' end;
begin
  -- In the order in which a claim locks them, so that the two cannot block each other for good.
  perform from private.metric_sources as source where source.project_id = new.id order by source.platform for update;

  delete from private.metric_sources as source
  where source.project_id = new.id and case source.platform
    when 'github' then new.github_link
    when 'linkedin' then new.linkedin_link
    when 'twitter' then new.twitter_link
  end is null;

  insert into private.metric_sources as source (project_id, platform, reference, state)
  select new.id, linked.platform, private.metric_reference(linked.platform, linked.link), schedule
  from (
    values ('github', new.github_link), ('linkedin', new.linkedin_link), ('twitter', new.twitter_link)
  ) as linked (platform, link)
  where linked.link is not null
  on conflict (project_id, platform) do update set
    reference = excluded.reference,
    platform_id = null,
    state = excluded.state,
    due_at = now(),
    lease_id = null,
    leased_until = null,
    blocked_until = null,
    attempts = 0,
    last_error = null
  where source.reference <> excluded.reference;

  update private.metric_sources as source set state = schedule
  where source.project_id = new.id and (source.state = 'paused') <> (schedule = 'paused');
  return null;
end
$$;
comment on function private.sync_metric_sources() is 'Trigger: keeps the sources in step with a project''s links.';

create trigger sync_metric_sources_of_new after insert on public.projects
  for each row when (coalesce(new.github_link, new.linkedin_link, new.twitter_link) is not null)
  execute function private.sync_metric_sources();
create trigger sync_metric_sources after update on public.projects
  for each row when (
    (old.github_link, old.linkedin_link, old.twitter_link, old.status)
    is distinct from (new.github_link, new.linkedin_link, new.twitter_link, new.status)
  )
  execute function private.sync_metric_sources();

-- Handlers only, and through their RPCs.
alter table private.metric_sources enable row level security;

create policy "handlers keep the sources" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function private.metric_reference(text, text) from public;
revoke all on function private.next_metric_due(uuid, text) from public;
revoke all on function private.sync_metric_sources() from public;
grant execute on function private.next_metric_due(uuid, text) to service_role;

-- What each credential of a platform may still ask: shared by all workers, so that none asks for another.

create table private.metric_budgets (
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  credential text not null check (char_length(credential) between 1 and 64),
  remaining int,
  resets_at timestamptz,
  not_before timestamptz,
  reason text check (char_length(reason) <= 200),
  failures int not null default 0,
  month date not null default date_trunc('month', now() at time zone 'utc')::date,
  units int not null default 0 check (units >= 0),
  primary key (platform, credential)
);
comment on table private.metric_budgets is 'What each credential of a platform may still ask, and from when.';
comment on column private.metric_budgets.credential is 'The beginning of the credential''s SHA-256; never itself.';
comment on column private.metric_budgets.remaining is
  'Requests left until resets_at, as the platform last said, less those taken since; null: it does not say.';
comment on column private.metric_budgets.not_before is 'Nobody asks with this credential before; reason says why.';
comment on column private.metric_budgets.failures is 'Server errors and time-outs in a row: ten open the breaker.';
comment on column private.metric_budgets.units is 'What was asked in `month` of a platform that bills each post.';

-- Takes requests (and billed units) from the credential of the pool that has most left. Where none may ask, says from
-- when one may, and why. All rows of the pool are locked in one order, so that concurrent takers cannot overspend.
create function private.take_metric_budget(
  platform text, credentials text[], requests int, units int, units_a_month int
) returns table (credential text, granted int, not_before timestamptz, reason text)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  chosen private.metric_budgets;
begin
  insert into private.metric_budgets (platform, credential)
  select take_metric_budget.platform, asked.name from unnest(credentials) as asked (name) order by asked.name
  on conflict do nothing;
  perform from private.metric_budgets as budget
  where budget.platform = take_metric_budget.platform order by budget.credential for update;

  update private.metric_budgets as budget set
    month = this_month,
    units = case when budget.month = this_month then budget.units else 0 end,
    remaining = case when budget.resets_at > now() then budget.remaining end
  where budget.platform = take_metric_budget.platform
    and (budget.month <> this_month or (budget.remaining is not null and budget.resets_at <= now()));

  granted := take_metric_budget.units;
  if units_a_month is not null then
    select least(granted, units_a_month - sum(budget.units)) into granted
    from private.metric_budgets as budget where budget.platform = take_metric_budget.platform;
    if granted <= 0 then
      return query select null::text, 0, (this_month + interval '1 month') at time zone 'utc', 'budget_spent';
      return;
    end if;
  end if;

  select * into chosen from private.metric_budgets as budget
  where budget.platform = take_metric_budget.platform and budget.credential = any (credentials)
    and coalesce(budget.not_before <= now(), true) and coalesce(budget.remaining >= requests, true)
  order by budget.remaining desc nulls first limit 1;

  if chosen.credential is null then
    return query
      select null::text, 0, greatest(budget.not_before, case when budget.remaining < requests then budget.resets_at end),
        coalesce(case when budget.not_before > now() then budget.reason end, 'rate_limited')
      from private.metric_budgets as budget
      where budget.platform = take_metric_budget.platform and budget.credential = any (credentials)
      order by 3 limit 1;
    return;
  end if;

  -- After the breaker's pause one request about one source goes out as a probe, and everybody else goes on waiting for
  -- what it brings.
  if chosen.failures >= 10 then
    granted := least(granted, 1);
  end if;
  update private.metric_budgets as budget set
    remaining = budget.remaining - case when chosen.failures >= 10 then 1 else requests end,
    units = budget.units + granted,
    not_before = case when budget.failures >= 10 then now() + interval '30 seconds' end,
    reason = case when budget.failures >= 10 then 'unavailable' end
  where budget.platform = chosen.platform and budget.credential = chosen.credential;
  return query select chosen.credential, granted, null::timestamptz, null::text;
end
$$;
comment on function private.take_metric_budget(text, text[], int, int, int) is
  'Takes requests and billed units from the credential with most left; null and the reason where none may ask.';

-- What the platform said while it was asked: its rate limit, how it answered, what was not used after all. Of the same
-- window the lower number counts, since others have taken of it meanwhile; of an older one nothing does.
create function private.settle_metric_budget(platform text, credential text, usage jsonb) returns void
language sql set search_path = '' as $$
  update private.metric_budgets as budget set
    remaining = case
      when said.remaining is null or said.resets_at is null then budget.remaining
      when said.resets_at < budget.resets_at - interval '1 second' then budget.remaining
      when said.resets_at <= budget.resets_at + interval '1 second' then least(budget.remaining, said.remaining)
      else said.remaining
    end,
    resets_at = greatest(budget.resets_at, said.resets_at),
    units = greatest(0, budget.units - coalesce((usage ->> 'unused_units')::int, 0)),
    failures = outcome.failures,
    not_before = case
      when usage ? 'not_before' then greatest(budget.not_before, to_timestamp((usage ->> 'not_before')::double precision))
      when outcome.failures >= 10 then
        now() + least(interval '30 minutes', interval '1 minute' * 2 ^ least(outcome.failures - 10, 5)) * (0.5 + random() / 2)
      when (usage ->> 'answered')::boolean and budget.reason = 'unavailable' then null
      else budget.not_before
    end,
    reason = case
      when usage ? 'not_before' then usage ->> 'reason'
      when outcome.failures >= 10 then 'unavailable'
      when (usage ->> 'answered')::boolean and budget.reason = 'unavailable' then null
      else budget.reason
    end
  from (
    select case when (usage ->> 'answered')::boolean then 0 else before.failures end
      + coalesce((usage ->> 'failures')::int, 0) as failures
    from private.metric_budgets as before
    where before.platform = settle_metric_budget.platform and before.credential = settle_metric_budget.credential
    for update
  ) as outcome,
  (
    select (usage ->> 'remaining')::int as remaining,
      to_timestamp((usage ->> 'resets_at')::double precision) as resets_at
  ) as said
  where budget.platform = settle_metric_budget.platform and budget.credential = settle_metric_budget.credential
$$;
comment on function private.settle_metric_budget(text, text, jsonb) is
  'usage: remaining, resets_at and not_before (seconds since 1970), reason, answered, failures (since), unused_units.';

-- Handlers only, and through their RPCs.
alter table private.metric_budgets enable row level security;

create policy "handlers keep the budgets" on private.metric_budgets for all to service_role
  using (true) with check (true);

revoke all on table private.metric_budgets from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_budgets to service_role;

revoke all on function private.take_metric_budget(text, text[], int, int, int) from public;
revoke all on function private.settle_metric_budget(text, text, jsonb) from public;
grant execute on function private.take_metric_budget(text, text[], int, int, int) to service_role;
grant execute on function private.settle_metric_budget(text, text, jsonb) to service_role;

-- The right to ask a platform about a project, for a time: many at once for the daily refresh, one for a visitor.

-- Due sources and the budget to ask about them, together or not at all. SKIP LOCKED lets any number of workers pass each
-- other; a lease that is not recorded becomes due again at its end.
create function public.lease_metric_sources(
  platform text, credentials text[], sources int, batch int, lease_seconds int, units_a_month int default null
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  due uuid[];
  budget record;
  lease constant uuid := gen_random_uuid();
  leased jsonb;
begin
  select array_agg(candidate.project_id) into due from (
    select source.project_id from private.metric_sources as source
    where source.platform = lease_metric_sources.platform and source.state <> 'paused' and source.due_at <= now()
    order by source.due_at limit sources
    for update skip locked
  ) as candidate;
  if due is null then
    return jsonb_build_object('sources', '[]'::jsonb);
  end if;

  select * into budget from private.take_metric_budget(
    platform, credentials, ceil(cardinality(due)::numeric / batch)::int, cardinality(due), units_a_month
  );
  if budget.credential is null then
    return jsonb_build_object('sources', '[]'::jsonb, 'not_before', budget.not_before, 'reason', budget.reason);
  end if;

  with taken as (
    update private.metric_sources as source set
      lease_id = lease,
      leased_until = now() + make_interval(secs => lease_seconds),
      due_at = now() + make_interval(secs => lease_seconds)
    where source.platform = lease_metric_sources.platform and source.project_id = any (due[:budget.granted])
    returning source.project_id, source.reference, source.platform_id
  )
  select jsonb_agg(jsonb_build_object(
    'project_id', taken.project_id, 'reference', taken.reference, 'platform_id', taken.platform_id
  )) into leased from taken;
  return jsonb_build_object('lease_id', lease, 'credential', budget.credential, 'sources', leased);
end
$$;
comment on function public.lease_metric_sources(text, text[], int, int, int, int) is
  'Due sources, the lease on them and the credential to ask with; no sources and the reason where none may be asked.';

-- On demand: each platform of one project, where nobody else is asking, no failure is being waited out, no fresh snapshot
-- has come meanwhile, and the budget allows it. X is billed by post and day: once a day is enough.
create function public.claim_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  claims jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = claim_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = claim_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      claims := claims || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    end if;

    select * into budget from private.take_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      claims := claims || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return claims;
end
$$;
comment on function public.claim_metric_sources(uuid, jsonb, int, int) is
  'For each platform: a lease, or the snapshot that came meanwhile, or the reason why it is not to be asked now.';

-- What is left for the next run.
create function public.count_due_metric_sources() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(due.platform, due.number), '{}') from (
    select source.platform, count(*) as number from private.metric_sources as source
    where source.state <> 'paused' and source.due_at <= now() group by source.platform
  ) as due
$$;
comment on function public.count_due_metric_sources() is 'How many sources are due, by platform.';

-- Handlers only.
revoke all on function public.lease_metric_sources(text, text[], int, int, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.claim_metric_sources(uuid, jsonb, int, int) from public, anon, authenticated, service_role;
revoke all on function public.count_due_metric_sources() from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int) to service_role;
grant execute on function public.claim_metric_sources(uuid, jsonb, int, int) to service_role;
grant execute on function public.count_due_metric_sources() to service_role;

-- What came of asking: snapshots, the sources' next times and the budget, in one transaction.

-- Only what the lease still holds counts: a source whose lease ran out or whose link changed is somebody else's by now.
-- A platform that gave no answer leaves no snapshot, never a zero.
create function public.record_metrics(platform text, lease_id uuid, credential text, results jsonb, usage jsonb)
returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  summary jsonb;
begin
  if exists (
    select from jsonb_array_elements(results) as result
    where coalesce(result ->> 'failure', result ->> 'likes', result ->> 'stars') is null
  ) then
    raise exception using errcode = 'invalid_parameter_value', message = 'an answer without numbers is no answer';
  end if;

  -- Everybody locks projects before sources before budgets, so that none can block each other for good. By an array: the
  -- planner cannot tell how long a JSON list is, and would rather read all projects.
  perform from public.projects as project
  where project.id = any (array(select (result ->> 'project_id')::uuid from jsonb_array_elements(results) as result))
  order by project.id for key share;

  with answer as materialized (
    select source.platform, source.state, source.attempts, source.last_error, result.*
    from jsonb_to_recordset(results) as result (
      project_id uuid, platform_id text, failure text,
      likes int, comments int, stars int, forks int, watchers int, retweets int, replies int
    )
    join private.metric_sources as source
      on source.project_id = result.project_id and source.platform = record_metrics.platform
      and source.lease_id = record_metrics.lease_id
    order by source.project_id
    for update of source
  ),
  snapshot as (
    insert into public.social_metrics as today
      (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, as_of)
    select
      answer.project_id, answer.platform, coalesce(answer.likes, 0), coalesce(answer.comments, 0),
      coalesce(answer.stars, 0), coalesce(answer.forks, 0), coalesce(answer.watchers, 0),
      coalesce(answer.retweets, 0), coalesce(answer.replies, 0), now()
    from answer where answer.failure is null
    on conflict (project_id, platform, recorded_at) do update set
      likes = excluded.likes, comments = excluded.comments, stars = excluded.stars, forks = excluded.forks,
      watchers = excluded.watchers, retweets = excluded.retweets, replies = excluded.replies, as_of = excluded.as_of
    where excluded.as_of >= today.as_of
  ),
  answered as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      platform_id = coalesce(answer.platform_id, source.platform_id),
      state = case when source.state = 'paused' then 'paused' else 'active' end,
      attempts = 0,
      last_error = null,
      due_at = private.next_metric_due(source.project_id, source.platform),
      blocked_until = null
    from answer
    where answer.failure is null and source.project_id = answer.project_id and source.platform = answer.platform
  ),
  failed as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      -- A lost id is looked for by name the next time.
      platform_id = case when answer.failure <> 'gone' then source.platform_id end,
      state = case when source.state = 'paused' then 'paused' else next.state end,
      attempts = next.attempts,
      last_error = next.error,
      due_at = next.due_at,
      blocked_until = case when answer.failure <> 'returned' then next.due_at end
    from answer cross join lateral private.next_metric_state(
      answer.failure, answer.state, answer.attempts, answer.last_error
    ) as next
    where answer.failure is not null and source.project_id = answer.project_id and source.platform = answer.platform
  )
  select jsonb_build_object(
    'as_of', now(),
    'recorded', count(*) filter (where answer.failure is null),
    'gone', count(*) filter (where answer.failure = 'gone'),
    'forbidden', count(*) filter (where answer.failure = 'forbidden'),
    'failed', count(*) filter (where answer.failure = 'unavailable'),
    'returned', count(*) filter (where answer.failure = 'returned')
  ) into summary from answer;

  perform private.settle_metric_budget(platform, credential, usage);
  return summary;
end
$$;
comment on function public.record_metrics(text, uuid, text, jsonb, jsonb) is
  'Stores a batch of answers and failures under a lease, and what the platform said of its limits; returns counts.';

-- What a source is after a failure. gone and forbidden need a second opinion an hour later and are then asked after
-- 1, 2, 4 ... 30 days; what may pass is tried again with full jitter; what was returned without being asked is due again
-- at once.
create function private.next_metric_state(
  failure text, state text, attempts int, last_error text,
  out state text, out attempts int, out error text, out due_at timestamptz
)
language sql volatile set search_path = '' as $$
  select
    case when $1 in ('gone', 'forbidden') and $4 = $1 then $1 else $2 end,
    case when $1 = 'returned' then $3 when $4 = $1 then $3 + 1 else 1 end,
    case when $1 = 'returned' then $4 else $1 end,
    case
      when $1 = 'returned' then now()
      when $1 in ('gone', 'forbidden') and $4 = $1 then now() + least(30, 2 ^ least($3 - 1, 5)) * interval '1 day'
      when $1 in ('gone', 'forbidden') then now() + interval '1 hour'
      else
        now() + interval '30 seconds' + random()
          * (least(360, 2 ^ least(case when $4 = $1 then $3 else 0 end, 9)) - 0.5) * interval '1 minute'
    end
$$;
comment on function private.next_metric_state(text, text, int, text) is
  'The state, failures in a row, error and next time of a source after a failure.';

-- Handlers only.
revoke all on function public.record_metrics(text, uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_metrics(text, uuid, text, jsonb, jsonb) to service_role;

revoke all on function private.next_metric_state(text, text, int, text) from public;
grant execute on function private.next_metric_state(text, text, int, text) to service_role;

-- 20261122150500_create_designs
-- Templates: the catalogue of designs that people start from.

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 120),
  blocks_json jsonb not null check (private.is_block_list(blocks_json)),
  created_at timestamptz not null default now()
);
comment on table public.templates is 'Designs that people start from: lists of drag-and-drop blocks.';
comment on column public.templates.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';

-- The catalogue is public; handlers keep it.
alter table public.templates enable row level security;

create policy "the catalogue is public" on public.templates for select to anon, authenticated
  using (true);

revoke all on table public.templates from anon, authenticated, service_role;
grant select on table public.templates to anon, authenticated, service_role;
grant insert, update, delete on table public.templates to service_role;

-- Layouts: how blocks are arranged on a page. Those without an owner belong to the catalogue.

create table public.layouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid default auth.uid() references private.users (id) on delete cascade,
  template_id uuid references public.templates (id) on delete set null,
  project_id uuid references public.projects (id) on delete set null,
  name text not null check (char_length(name) between 1 and 120),
  blocks_json jsonb not null check (private.is_block_list(blocks_json)),
  published boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint layouts_catalogue_has_no_project check (user_id is not null or project_id is null)
);
comment on table public.layouts is 'Arrangements of blocks on a page: of a person, or of the catalogue.';
comment on column public.layouts.user_id is 'The owner; null in the catalogue.';
comment on column public.layouts.template_id is 'The template that it was made from.';
comment on column public.layouts.project_id is 'The project whose page it arranges.';
comment on column public.layouts.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';
comment on column public.layouts.published is
  'Whether those who see the project see this layout of it: visitors need it to see the page, and drafts stay private.';

-- A person's layouts, newest first, and the catalogue (user_id is null).
create index layouts_user_id_created_at_idx on public.layouts (user_id, created_at desc);
create index layouts_template_id_idx on public.layouts (template_id);
create index layouts_project_id_idx on public.layouts (project_id);

create trigger touch_updated_at before update on public.layouts
  for each row execute function private.touch_updated_at();
create trigger keep_owner before update on public.layouts
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

-- The catalogue is public and handlers keep it; people's layouts are theirs, for their own projects; others see those
-- that are published with a project that they see.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.layouts enable row level security;

create policy "the catalogue and published layouts are public" on public.layouts for select to anon
  using (
    user_id is null
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "people see the catalogue, published layouts and their own" on public.layouts for select to authenticated
  using (
    user_id is null
    or user_id = (select auth.uid())
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "people add their own layouts" on public.layouts for insert to authenticated
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "people change their own layouts" on public.layouts for update to authenticated
  using (user_id = (select auth.uid()))
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "people delete their own layouts" on public.layouts for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.layouts from anon, authenticated, service_role;
grant select on table public.layouts to anon, authenticated, service_role;
grant insert (id, user_id, template_id, project_id, name, blocks_json, published),
  update (id, user_id, template_id, project_id, name, blocks_json, published),
  delete on table public.layouts to authenticated;
grant insert, update, delete on table public.layouts to service_role;

-- What people asked the design assistant, and what it answered.

create table public.ai_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  input_json jsonb,
  output_json jsonb,
  created_at timestamptz not null default now()
);
comment on table public.ai_sessions is 'Requests to the design assistant; written by handlers.';
comment on column public.ai_sessions.input_json is 'What was asked.';
comment on column public.ai_sessions.output_json is 'What was answered; null while there is no answer.';

-- A person's sessions, newest first; it serves the foreign key and the policies too.
create index ai_sessions_user_id_created_at_idx on public.ai_sessions (user_id, created_at desc);

-- People see and delete their own; handlers write.
alter table public.ai_sessions enable row level security;

create policy "people see their own sessions" on public.ai_sessions for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people delete their own sessions" on public.ai_sessions for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.ai_sessions from anon, authenticated, service_role;
grant select, delete on table public.ai_sessions to authenticated;
grant select, insert, update, delete on table public.ai_sessions to service_role;

-- 20261122150600_create_subscriptions_and_notifications
-- What people pay for, as Stripe tells.

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  stripe_id text not null unique check (char_length(stripe_id) between 1 and 255),
  status text not null check (
    status in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')
  ),
  plan text not null check (char_length(plan) between 1 and 255),
  current_period_end timestamptz,
  created_at timestamptz not null default now()
);
comment on table public.subscriptions is 'Stripe''s subscriptions; written by handlers.';
comment on column public.subscriptions.stripe_id is 'Stripe''s id of the subscription (sub_...).';
comment on column public.subscriptions.status is 'Stripe''s word for it.';

-- A person's subscriptions, newest first; it serves the foreign key and the policy too.
create index subscriptions_user_id_created_at_idx on public.subscriptions (user_id, created_at desc);

-- People see their own; handlers write.
alter table public.subscriptions enable row level security;

create policy "people see their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.subscriptions from anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated;
grant select, insert, update, delete on table public.subscriptions to service_role;

-- The log of e-mails.

create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  type text not null check (char_length(type) between 1 and 64),
  sent_at timestamptz default now(),
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed'))
);
comment on table public.notifications is 'E-mails to people (welcome, renewal, ...); written by handlers.';
comment on column public.notifications.sent_at is 'When it was handed to the mail service; null while it was not.';

-- A person's notifications, newest first; it serves the foreign key and the policy too.
create index notifications_user_id_sent_at_idx on public.notifications (user_id, sent_at desc);

-- People see their own; handlers write.
alter table public.notifications enable row level security;

create policy "people see their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notifications from anon, authenticated, service_role;
grant select on table public.notifications to authenticated;
grant select, insert, update, delete on table public.notifications to service_role;

-- 20261122150700_create_buckets
-- The buckets. No SVG and no HTML: a browser would run their scripts on the API's own origin.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values
  (
    'project-media', 'project-media', true, 50 * 1024 * 1024,
    array[
      'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'video/mp4', 'video/webm', 'video/quicktime'
    ]
  ),
  ('qr-codes', 'qr-codes', true, 1024 * 1024, array['image/png', 'image/webp']),
  (
    'ai-assets', 'ai-assets', false, 10 * 1024 * 1024,
    array['image/png', 'image/jpeg', 'image/webp', 'application/json']
  )
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

-- A person's files lie below a folder named with their id, in every bucket. Files of public buckets are served by
-- address, without a policy; selecting is for one's own files, to list, replace and remove them.
-- Row-level security is on and the grants are Supabase's: the table is not ours.
create policy "people see their own files" on storage.objects for select to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people add files to their own folder" on storage.objects for insert to authenticated
  with check (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people replace their own files" on storage.objects for update to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people remove their own files" on storage.objects for delete to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );

-- 20261122160000_create_cron
-- What runs by itself, and when: the one schedule, for pg_cron on hosted Supabase and for local/cron.py elsewhere.

create table private.cron_jobs (
  name text primary key check (name ~ '^[A-Za-z0-9_-]{1,60}$'),
  -- The part of pg_cron's syntax that cron libraries read alike: five fields of numbers (UTC), or so many seconds.
  schedule text not null check (schedule ~ '^([0-9*,/-]+ ){4}[0-9*,/-]+$|^([1-9]|[1-5][0-9]) seconds$'),
  path text not null check (path ~ '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$'),
  body jsonb not null default '{}',
  enabled boolean not null default true
);
comment on table private.cron_jobs is 'Which functions are called regularly, and when: the one schedule.';
comment on column private.cron_jobs.schedule is 'As pg_cron takes it, in UTC.';
comment on column private.cron_jobs.path is 'Below /functions/v1/.';

-- The key is read from the Vault at each call, and so stands in no job's text. Waits as long as Supabase lets a function
-- work: with pg_net's own few seconds, longer work would be cut off. Bound late: a database without pg_net and Vault
-- takes this too.
create function private.call_function(path text, body jsonb default '{}') returns bigint
language plpgsql set search_path = '' as $$
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
    headers := jsonb_build_object('apikey', secret_key, 'Content-Type', 'application/json'),
    timeout_milliseconds := 150000
  );
end
$$;
comment on function private.call_function(text, jsonb) is
  'Posts to a function of this project as a service; the id of pg_net''s request.';

-- Makes pg_cron's jobs what the schedule says, however often it is run. Only jobs of this prefix are ours.
create function private.apply_cron_jobs() returns void
language plpgsql set search_path = '' as $$
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
    prefix || job.name, job.schedule, format('select private.call_function(%L, %L)', job.path, job.body)
  ) from private.cron_jobs as job where job.enabled;
end
$$;
comment on function private.apply_cron_jobs() is
  'Makes pg_cron''s jobs what private.cron_jobs says; says by a notice where there is no pg_cron, pg_net or Vault.';

-- A change of the schedule takes effect with its transaction.
create function private.apply_changed_cron_jobs() returns trigger
language plpgsql set search_path = '' as $$
begin
  perform private.apply_cron_jobs();
  return null;
end
$$;
comment on function private.apply_changed_cron_jobs() is 'Trigger: applies the schedule when it changes.';

create trigger apply_cron_jobs after insert or update or delete or truncate on private.cron_jobs
  for each statement execute function private.apply_changed_cron_jobs();

insert into private.cron_jobs (name, schedule, path) values ('refreshSocialMetrics', '*/5 * * * *', 'refreshSocialMetrics');

-- The database's owner and pg_cron alone: nobody through the API, and no handler either.
alter table private.cron_jobs enable row level security;

create policy "nobody through the API" on private.cron_jobs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.cron_jobs from anon, authenticated, service_role;

revoke all on function private.call_function(text, jsonb) from public;
revoke all on function private.apply_cron_jobs() from public;
revoke all on function private.apply_changed_cron_jobs() from public;

-- 20261122170000_create_billing
-- What people pay for, kept in step with Stripe: plans, the ledger of events, customers, tiers, reconciliation.

alter table public.subscriptions
  add column tier text not null default 'free' check (tier in ('free', 'paid')),
  add column price_id text check (char_length(price_id) between 1 and 255),
  add column cancel_at timestamptz,
  add column past_due_since timestamptz,
  add column grace_until timestamptz,
  add column applied_ticket bigint not null default 0;
comment on column public.subscriptions.plan is 'Of the table plans; `unknown` where the price is not in it.';
comment on column public.subscriptions.tier is 'The tier that the plan gives while the status does.';
comment on column public.subscriptions.price_id is 'Stripe''s id of the price.';
comment on column public.subscriptions.cancel_at is 'When it will end, or ended.';
comment on column public.subscriptions.past_due_since is 'Since when a payment is owed; null unless past_due.';
comment on column public.subscriptions.grace_until is 'Until then a past_due subscription still gives its tier.';
comment on column public.subscriptions.applied_ticket is 'Of the latest look at Stripe that this row shows.';

-- Whose grace is over, and what reconciliation has not seen yet.
create index subscriptions_grace_until_idx on public.subscriptions (grace_until) where status = 'past_due';
create index subscriptions_applied_ticket_idx on public.subscriptions (applied_ticket)
  where status not in ('canceled', 'incomplete_expired');

-- What Stripe's prices mean here: data, seeded for each environment, since a price's id differs between them.

create table public.plans (
  id uuid primary key default gen_random_uuid(),
  plan text not null check (plan ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$' and plan <> 'unknown'),
  price_id text unique check (char_length(price_id) between 1 and 255),
  lookup_key text unique check (char_length(lookup_key) between 1 and 200),
  tier text not null check (tier in ('free', 'paid')),
  offered boolean not null default true,
  created_at timestamptz not null default now(),
  constraint plans_price_check check (price_id is not null or lookup_key is not null)
);
comment on table public.plans is 'Stripe''s prices: the plan that each is of, and the tier that it gives.';
comment on column public.plans.price_id is 'Stripe''s id of the price (price_...), which differs between environments.';
comment on column public.plans.lookup_key is 'The price''s lookup key, which may be the same in all of them.';
comment on column public.plans.offered is 'Whether it can be bought; people keep what they bought before.';

-- A plan may have had many prices; it is sold at one.
create unique index plans_offered_idx on public.plans (plan) where offered;

-- The plan of a subscription, from its items in Stripe's order ([{"price_id", "lookup_key"}]). What is not in the table
-- is said to be unknown: a plan that is guessed would be given away, or taken from somebody who pays.
create function private.plan_of(items jsonb) returns table (plan text, tier text, price_id text, unknown_prices text[])
language sql stable set search_path = '' as $$
  with item as (
    select
      listed.position, listed.value ->> 'price_id' as price_id,
      (
        select known from public.plans as known
        where known.price_id = listed.value ->> 'price_id' or known.lookup_key = listed.value ->> 'lookup_key'
        order by known.price_id is not distinct from listed.value ->> 'price_id' desc limit 1
      ) as known
    from jsonb_array_elements(items) with ordinality as listed (value, position)
  ),
  best as (
    select item.* from item order by ((item.known).tier = 'paid') desc nulls last, item.position limit 1
  )
  select
    coalesce((best.known).plan, 'unknown'), coalesce((best.known).tier, 'free'), best.price_id,
    coalesce((select array_agg(item.price_id order by item.position) from item where (item.known).id is null), '{}')
  from (select) as always left join best on true
$$;
comment on function private.plan_of(jsonb) is
  'The plan and tier of a subscription''s items, and the prices among them that nobody has named.';

-- What is sold is public; handlers keep it.
alter table public.plans enable row level security;

create policy "what is sold is public" on public.plans for select to anon, authenticated
  using (true);

revoke all on table public.plans from anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;
grant insert, update, delete on table public.plans to service_role;

revoke all on function private.plan_of(jsonb) from public;
grant execute on function private.plan_of(jsonb) to service_role;

-- The ledger of Stripe's events. An event is a hint that something changed: kept are its id, what to look at, and which
-- e-mails follow from it; never its body, which holds addresses and parts of card numbers.

-- A ticket is drawn before Stripe is asked, so that the highest ticket has seen all that earlier events announced.
create sequence private.stripe_tickets;

create table private.stripe_events (
  id text primary key check (char_length(id) between 1 and 255),
  type text not null check (char_length(type) between 1 and 255),
  hint jsonb not null,
  ticket bigint not null,
  attempts int not null default 1,
  claimed_until timestamptz,
  attempted_at timestamptz not null default now(),
  processed_at timestamptz,
  outcome text check (char_length(outcome) <= 64),
  error text check (char_length(error) <= 500),
  received_at timestamptz not null default now()
);
comment on table private.stripe_events is 'Stripe''s events, each once, and what became of them.';
comment on column private.stripe_events.hint is 'What to ask Stripe about, and the e-mails that follow.';
comment on column private.stripe_events.ticket is 'Drawn at the latest attempt.';
comment on column private.stripe_events.claimed_until is 'Until then nobody else works on it, unless it fails before.';
comment on column private.stripe_events.error is 'What the latest attempt failed with; null once it is processed.';

-- What reconciliation tries again, the longest untouched first.
create index stripe_events_unprocessed_idx on private.stripe_events (attempted_at) where processed_at is null;

-- Records an event, and claims it with a new ticket unless it is processed or somebody is at it.
create function public.record_stripe_event(event_id text, type text, hint jsonb, claim_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  event private.stripe_events;
  acts constant boolean := record_stripe_event.hint ->> 'look' <> 'nothing';
begin
  insert into private.stripe_events as known (id, type, hint, ticket, claimed_until, processed_at, outcome)
  values (
    event_id, record_stripe_event.type, record_stripe_event.hint, nextval('private.stripe_tickets'),
    case when acts then now() + make_interval(secs => claim_seconds) end,
    case when not acts then now() end,
    case when not acts then 'recorded' end
  )
  on conflict (id) do update set
    ticket = excluded.ticket, attempts = known.attempts + 1, attempted_at = now(), claimed_until = excluded.claimed_until
    where known.processed_at is null and coalesce(known.claimed_until <= now(), true)
  returning * into event;
  if event.id is not null then
    return jsonb_build_object('state', case when acts then 'claimed' else 'processed' end, 'ticket', event.ticket);
  end if;
  select * into event from private.stripe_events as known where known.id = event_id;
  return jsonb_build_object(
    'state', case when event.processed_at is null then 'in_progress' else 'processed' end,
    'seconds', greatest(1, ceil(extract(epoch from event.claimed_until - now())))::int
  );
end
$$;
comment on function public.record_stripe_event(text, text, jsonb, int) is
  'claimed with a ticket; in_progress and for how many seconds; or processed.';

-- Keeps why an attempt failed, and lets the next one in at once.
create function public.fail_stripe_event(event_id text, ticket bigint, error text) returns void
language sql set search_path = '' as $$
  update private.stripe_events as event set error = left(fail_stripe_event.error, 500), claimed_until = null
  where event.id = event_id and event.ticket = fail_stripe_event.ticket and event.processed_at is null
$$;
comment on function public.fail_stripe_event(text, bigint, text) is 'Keeps the error of an attempt and gives up its claim.';

-- Called within the transaction that does what the event led to.
create function private.finish_stripe_event(event_id text, outcome text) returns void
language sql set search_path = '' as $$
  update private.stripe_events as event set
    processed_at = now(), outcome = finish_stripe_event.outcome, error = null, claimed_until = null
  where event.id = event_id and event.processed_at is null
$$;
comment on function private.finish_stripe_event(text, text) is 'Marks an event as processed.';

-- Handlers only, and through their RPCs.
alter table private.stripe_events enable row level security;

create policy "handlers keep the ledger" on private.stripe_events for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_events from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_events to service_role;
revoke all on sequence private.stripe_tickets from anon, authenticated, service_role;
grant usage on sequence private.stripe_tickets to service_role;

revoke all on function public.record_stripe_event(text, text, jsonb, int) from public, anon, authenticated, service_role;
revoke all on function public.fail_stripe_event(text, bigint, text) from public, anon, authenticated, service_role;
revoke all on function private.finish_stripe_event(text, text) from public;
grant execute on function public.record_stripe_event(text, text, jsonb, int) to service_role;
grant execute on function public.fail_stripe_event(text, bigint, text) to service_role;
grant execute on function private.finish_stripe_event(text, text) to service_role;

-- What somebody has to look at: each thing once, however often it is met.

create table private.billing_findings (
  kind text not null check (
    kind in ('unknown_price', 'unknown_user', 'several_subscriptions', 'charge_refunded', 'charge_disputed')
  ),
  subject text not null check (char_length(subject) between 1 and 255),
  details jsonb not null default '{}',
  times int not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (kind, subject)
);
comment on table private.billing_findings is 'Prices nobody named, payments of unknown people, refunds, disputes.';
comment on column private.billing_findings.subject is 'The id at Stripe that it is about; of several_subscriptions, the person''s.';
comment on column private.billing_findings.resolved_at is 'When it was no longer so; it opens again when it is met again.';

-- What it is about, when it was not known to be so: that is to be reported, and no more than that.
create function private.note_finding(kind text, subject text, details jsonb) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  is_new boolean;
begin
  select coalesce(bool_and(known.resolved_at is not null), true) into is_new from private.billing_findings as known
  where known.kind = note_finding.kind and known.subject = note_finding.subject;
  insert into private.billing_findings as known (kind, subject, details)
  values (note_finding.kind, note_finding.subject, note_finding.details)
  on conflict (kind, subject) do update set
    details = excluded.details, times = known.times + 1, last_seen_at = now(), resolved_at = null;
  return case
    when is_new then jsonb_build_array(jsonb_build_object('kind', note_finding.kind, 'subject', note_finding.subject))
    else '[]'
  end;
end
$$;
comment on function private.note_finding(text, text, jsonb) is 'Notes it; a list of the finding if it is new, else an empty one.';

create function private.resolve_findings(kind text, subjects text[]) returns void
language sql set search_path = '' as $$
  update private.billing_findings as known set resolved_at = now()
  where known.kind = resolve_findings.kind and known.subject = any (subjects) and known.resolved_at is null
$$;
comment on function private.resolve_findings(text, text[]) is 'These are no longer so.';

-- For reports.
create function public.count_billing_findings() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(open.kind, open.number), '{}') from (
    select known.kind, count(*) as number from private.billing_findings as known
    where known.resolved_at is null group by known.kind
  ) as open
$$;
comment on function public.count_billing_findings() is 'How many findings are open, by kind.';

-- Handlers only, and through their RPCs.
alter table private.billing_findings enable row level security;

create policy "handlers keep the findings" on private.billing_findings for all to service_role
  using (true) with check (true);

revoke all on table private.billing_findings from anon, authenticated, service_role;
grant select, insert, update on table private.billing_findings to service_role;

revoke all on function private.note_finding(text, text, jsonb) from public;
revoke all on function private.resolve_findings(text, text[]) from public;
revoke all on function public.count_billing_findings() from public, anon, authenticated, service_role;
grant execute on function private.note_finding(text, text, jsonb) to service_role;
grant execute on function private.resolve_findings(text, text[]) to service_role;
grant execute on function public.count_billing_findings() to service_role;

-- Who is who at Stripe: one customer for each person.

create table private.stripe_customers (
  user_id uuid primary key references private.users (id) on delete cascade,
  customer_id text unique check (char_length(customer_id) between 1 and 255),
  generation int not null default 0,
  created_at timestamptz not null default now()
);
comment on table private.stripe_customers is 'A person''s customer at Stripe.';
comment on column private.stripe_customers.customer_id is 'cus_...; null once it was deleted there.';
comment on column private.stripe_customers.generation is
  'How many were deleted: part of the idempotency key, so that the next one is a new one.';

-- What a handler needs to know of somebody who wants to pay, and of what they want to pay for.
create function public.get_billing_account(user_id uuid, plan text default null) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'email', private.email_of(person.id), 'customer_id', customer.customer_id,
    'generation', coalesce(customer.generation, 0), 'price_id', sold.price_id, 'lookup_key', sold.lookup_key,
    'live_subscriptions', array(
      select own.stripe_id from public.subscriptions as own
      where own.user_id = person.id and own.status not in ('canceled', 'incomplete_expired')
    )
  )
  from private.users as person
  left join private.stripe_customers as customer on customer.user_id = person.id
  left join public.plans as sold on sold.plan = get_billing_account.plan and sold.offered
  where person.id = get_billing_account.user_id
$$;
comment on function public.get_billing_account(uuid, text) is
  'Address, customer, subscriptions, and the price of a plan that is sold; null if there is no such person.';

-- The customer of a person from now on: the one given, unless another came first.
create function public.link_stripe_customer(user_id uuid, customer_id text) returns text
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  linked text;
begin
  insert into private.stripe_customers as known (user_id, customer_id)
  values (link_stripe_customer.user_id, link_stripe_customer.customer_id)
  on conflict (user_id) do update set customer_id = coalesce(known.customer_id, excluded.customer_id)
  returning known.customer_id into linked;
  return linked;
end
$$;
comment on function public.link_stripe_customer(uuid, text) is 'Links a customer to a person; the one that counts.';

-- It was deleted at Stripe: the next one is made with another idempotency key.
create function public.unlink_stripe_customer(customer_id text) returns void
language sql set search_path = '' as $$
  update private.stripe_customers as known set customer_id = null, generation = known.generation + 1
  where known.customer_id = unlink_stripe_customer.customer_id
$$;
comment on function public.unlink_stripe_customer(text) is 'Forgets a customer that Stripe no longer has.';

-- A customer as it is at Stripe now: {"id", "user_id" (as its metadata says, or null), "gone"}.
create function public.apply_stripe_customer(event_id text, customer jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  person uuid;
  outcome text := 'unchanged';
begin
  if (customer ->> 'gone')::boolean then
    perform public.unlink_stripe_customer(customer ->> 'id');
    outcome := 'applied';
  else
    select users.id into person from private.users
    where users.id = (customer ->> 'user_id')::uuid
      and not exists (select from private.stripe_customers as known where known.customer_id = customer ->> 'id')
    for key share;
    if person is not null and public.link_stripe_customer(person, customer ->> 'id') = customer ->> 'id' then
      outcome := 'applied';
    end if;
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object('outcome', outcome, 'findings', '[]'::jsonb);
end
$$;
comment on function public.apply_stripe_customer(text, jsonb) is 'Keeps who is who in step with Stripe.';

-- A payment went back, or is contested: whoever runs this decides what follows.
create function public.apply_stripe_charge(event_id text, kind text, charge jsonb) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  findings jsonb;
begin
  findings := private.note_finding(kind, charge ->> 'id', charge || jsonb_build_object('user_id', (
    select known.user_id from private.stripe_customers as known where known.customer_id = charge ->> 'customer_id'
  )));
  perform private.finish_stripe_event(event_id, 'noted');
  return jsonb_build_object('outcome', 'noted', 'findings', findings);
end
$$;
comment on function public.apply_stripe_charge(text, text, jsonb) is 'Notes a refund or a dispute.';

-- Handlers only, and through their RPCs.
alter table private.stripe_customers enable row level security;

create policy "handlers keep the customers" on private.stripe_customers for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_customers from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_customers to service_role;

revoke all on function public.get_billing_account(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.link_stripe_customer(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.unlink_stripe_customer(text) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_customer(text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_charge(text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.get_billing_account(uuid, text) to service_role;
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
grant execute on function public.unlink_stripe_customer(text) to service_role;
grant execute on function public.apply_stripe_customer(text, jsonb) to service_role;
grant execute on function public.apply_stripe_charge(text, text, jsonb) to service_role;

-- Which subscriptions give the tier that they are of: the table that docs/billing.md explains.

create function private.subscription_pays(status text, grace_until timestamptz) returns boolean
language sql stable set search_path = '' as $$
  select case status
    when 'active' then true
    when 'trialing' then true
    when 'past_due' then coalesce(grace_until > now(), false)
    else false -- incomplete, incomplete_expired, unpaid, paused, canceled
  end
$$;
comment on function private.subscription_pays(text, timestamptz) is 'Whether a subscription of this status gives its tier.';

-- Derived from all of a person's subscriptions, never moved up or down by one event. The caller holds the person's row.
create function private.refresh_tier(person uuid) returns text
language plpgsql set search_path = '' as $$
declare
  derived constant text := case
    when exists (
      select from public.subscriptions as own
      where own.user_id = person and own.tier = 'paid' and private.subscription_pays(own.status, own.grace_until)
    ) then 'paid'
    else 'free'
  end;
begin
  update private.users set tier = derived where id = person and tier <> derived;
  return derived;
end
$$;
comment on function private.refresh_tier(uuid) is 'Sets the tier of a person to what their subscriptions give; that tier.';

-- Time ends a grace without any event. How many people it took the tier from.
create function public.end_grace() returns int
language plpgsql set search_path = '' as $$
declare
  person uuid;
  ended int := 0;
begin
  for person in
    select users.id from private.users
    where users.tier = 'paid' and exists (
      select from public.subscriptions as own
      where own.user_id = users.id and own.status = 'past_due' and own.grace_until <= now()
    )
    order by users.id for no key update
  loop
    if private.refresh_tier(person) = 'free' then
      ended := ended + 1;
    end if;
  end loop;
  return ended;
end
$$;
comment on function public.end_grace() is 'Takes the tier from whose grace is over; how many those were.';

-- Handlers only.
revoke all on function private.subscription_pays(text, timestamptz) from public;
revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.subscription_pays(text, timestamptz) to service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;

-- A subscription as it is at Stripe, applied: the row, the tier, the e-mails and the event, together or not at all.

-- Whose it is: as we know it already, else whose customer it is, else whom we wrote into its metadata.
create function private.owner_of_subscription(told jsonb) returns uuid
language sql stable set search_path = '' as $$
  select coalesce(
    (select own.user_id from public.subscriptions as own where own.stripe_id = told ->> 'id'),
    (select known.user_id from private.stripe_customers as known where known.customer_id = told ->> 'customer_id'),
    (select users.id from private.users where users.id = (told ->> 'user_id')::uuid)
  )
$$;
comment on function private.owner_of_subscription(jsonb) is 'The person whose subscription it is; null if nobody knows.';

-- The row as it was (null if there was none), and as it is now; only a higher ticket changes it. The caller holds the
-- owner's row, so that nobody else is at it.
create function private.store_subscription(
  ticket bigint, told jsonb, owner uuid, grace_seconds int, out before public.subscriptions, out after public.subscriptions
)
language plpgsql set search_path = '' as $$
declare
  meaning record;
begin
  select * into before from public.subscriptions as own where own.stripe_id = told ->> 'id';
  after := before;
  if ticket <= before.applied_ticket or (before.id is null and told ? 'gone') then
    return;
  end if;
  after.applied_ticket := ticket;
  if told ? 'gone' then
    if before.status not in ('canceled', 'incomplete_expired') then
      after.status := 'canceled';
      after.cancel_at := now();
    end if;
  else
    select * into meaning from private.plan_of(told -> 'items');
    after.status := told ->> 'status';
    after.plan := meaning.plan;
    after.tier := meaning.tier;
    after.price_id := meaning.price_id;
    after.current_period_end := to_timestamp((told ->> 'current_period_end')::double precision);
    after.cancel_at := to_timestamp((told ->> 'cancel_at')::double precision);
  end if;
  after.past_due_since := case when after.status = 'past_due' then
    -- The next invoice that is not paid either does not begin another grace.
    least(before.past_due_since, coalesce(to_timestamp((told ->> 'past_due_since')::double precision), now()))
  end;
  after.grace_until := after.past_due_since + make_interval(secs => grace_seconds);

  if before.id is null then
    insert into public.subscriptions (
      user_id, stripe_id, status, plan, current_period_end, tier, price_id, cancel_at, past_due_since, grace_until,
      applied_ticket, created_at
    )
    values (
      owner, told ->> 'id', after.status, after.plan, after.current_period_end, after.tier, after.price_id,
      after.cancel_at, after.past_due_since, after.grace_until, ticket,
      coalesce(to_timestamp((told ->> 'created')::double precision), now())
    )
    returning * into after;
  else
    update public.subscriptions as own set
      status = after.status, plan = after.plan, current_period_end = after.current_period_end, tier = after.tier,
      price_id = after.price_id, cancel_at = after.cancel_at, past_due_since = after.past_due_since,
      grace_until = after.grace_until, applied_ticket = after.applied_ticket
    where own.id = before.id;
  end if;
end
$$;
comment on function private.store_subscription(bigint, jsonb, uuid, int) is 'The row before and after; changed by a higher ticket only.';

-- What the row does not say but somebody should know, if it is new.
create function private.find_in_subscription(told jsonb, owner uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  live constant boolean := told ->> 'status' not in ('canceled', 'incomplete_expired');
  unknown text[] := '{}';
  findings jsonb := '[]';
  price text;
begin
  if told ? 'gone' then
    return findings;
  elsif owner is null then
    -- An ended one is what is left of a deleted account, and nobody's concern.
    return case when live then private.note_finding('unknown_user', told ->> 'id', told) else findings end;
  end if;
  perform private.resolve_findings('unknown_user', array[told ->> 'id']);
  select unknown_prices into unknown from private.plan_of(told -> 'items');
  if live then
    foreach price in array unknown loop
      findings := findings || private.note_finding('unknown_price', price, jsonb_build_object('subscription', told ->> 'id'));
    end loop;
  end if;
  perform private.resolve_findings('unknown_price', array(
    select item ->> 'price_id' from jsonb_array_elements(told -> 'items') as item
    where item ->> 'price_id' <> all (unknown)
  ));
  if 1 < (
    select count(*) from public.subscriptions as own
    where own.user_id = owner and own.status in ('active', 'trialing', 'past_due', 'unpaid', 'paused')
  ) then
    return findings || private.note_finding('several_subscriptions', owner::text, '{}');
  end if;
  perform private.resolve_findings('several_subscriptions', array[owner::text]);
  return findings;
end
$$;
comment on function private.find_in_subscription(jsonb, uuid) is 'Notes unknown prices and people, and several subscriptions.';

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since"} with times in seconds since 1970, or {"id", "gone": true} where Stripe has none.
-- `emails`: [{"type", "dedupe_key", "payload"}], queued whatever the ticket: they tell what happened, not how it stands.
create function public.apply_stripe_subscription(
  ticket bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  owner uuid := private.owner_of_subscription(subscription);
  stored record;
  before public.subscriptions;
  after public.subscriptions;
  outcome text;
  tier text;
  findings jsonb;
  email jsonb;
begin
  -- One at a time for each person: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null);
    outcome := case when subscription ? 'gone' then 'gone' else 'unknown_user' end;
    perform private.finish_stripe_event(event_id, outcome);
    return jsonb_build_object('outcome', outcome, 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  select * into stored from private.store_subscription(ticket, subscription, owner, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case
    when after.id is null then 'gone' when ticket > coalesce(before.applied_ticket, -1) then 'applied' else 'stale'
  end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  -- An end that is only now heard of, long after, is no news; one that we saw happen is, whoever told us.
  if (subscription ? 'gone' or subscription ->> 'status' = 'canceled') and after.id is not null and (
    before.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and after.status = 'canceled'
    or exists (select from private.stripe_events as e where e.id = event_id and e.type = 'customer.subscription.deleted')
  ) then
    perform private.queue_notification(
      owner, 'subscription_canceled', after.stripe_id, jsonb_build_object('plan', after.plan, 'ended_at', after.cancel_at)
    );
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object(
    'outcome', outcome, 'tier', tier, 'findings', findings, 'changed', private.changes_of(before, after)
  );
end
$$;
comment on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) is
  'Brings the row, the tier and the e-mails in step with Stripe, and marks the event; what changed.';

create function private.changes_of(before public.subscriptions, after public.subscriptions) returns jsonb
language sql stable set search_path = '' as $$
  select case
    when before.id is null and after.id is not null then '["created"]'
    else coalesce((
      select jsonb_agg(field.key order by field.key) from jsonb_each(to_jsonb(after)) as field
      where field.key <> 'applied_ticket' and field.value is distinct from to_jsonb(before) -> field.key
    ), '[]')
  end
$$;
comment on function private.changes_of(public.subscriptions, public.subscriptions) is 'The columns that differ, or `created`.';

-- Handlers only.
revoke all on function private.owner_of_subscription(jsonb) from public;
revoke all on function private.store_subscription(bigint, jsonb, uuid, int) from public;
revoke all on function private.find_in_subscription(jsonb, uuid) from public;
revoke all on function private.changes_of(public.subscriptions, public.subscriptions) from public;
revoke all on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.owner_of_subscription(jsonb) to service_role;
grant execute on function private.store_subscription(bigint, jsonb, uuid, int) to service_role;
grant execute on function private.find_in_subscription(jsonb, uuid) to service_role;
grant execute on function private.changes_of(public.subscriptions, public.subscriptions) to service_role;
grant execute on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) to service_role;

-- The walk through all subscriptions, at Stripe and here, that finds what no event told. One at a time, resumed where
-- the last run stopped.

create table private.billing_walk (
  id boolean primary key default true check (id),
  phase text not null default 'stripe' check (phase in ('stripe', 'ours')),
  reached text,
  first_ticket bigint not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
comment on table private.billing_walk is 'How far the walk has come; one row.';
comment on column private.billing_walk.reached is 'The last subscription of the last page; null at the beginning of a phase.';
comment on column private.billing_walk.first_ticket is 'What has a lower one was not met on this walk.';

-- The walk as it stands, begun anew if the last one is finished, and the ticket for the first page.
create function public.begin_reconciliation(anew boolean default false) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ticket constant bigint := nextval('private.stripe_tickets');
  walk private.billing_walk;
begin
  insert into private.billing_walk as last (first_ticket) values (ticket)
  on conflict (id) do update
    set phase = 'stripe', reached = null, first_ticket = ticket, started_at = now(), finished_at = null
    where last.finished_at is not null or anew;
  select * into walk from private.billing_walk;
  return jsonb_build_object('phase', walk.phase, 'reached', walk.reached, 'ticket', ticket);
end
$$;
comment on function public.begin_reconciliation(boolean) is 'phase, reached and a ticket for the first page.';

-- A page of Stripe's subscriptions, fetched after `ticket` was drawn: what it says is applied, and the walk moved from
-- `reached` to `reaches` (null after the last page), together or not at all. People's rows are taken in one order and one
-- page at a time, so that no two wait for each other. What cannot be applied does not hold up the others.
create function public.reconcile_stripe_page(
  ticket bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  walk private.billing_walk;
  told jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into walk from private.billing_walk for update;
  if walk.phase <> 'stripe' or walk.reached is distinct from reached or walk.finished_at is not null then
    return jsonb_build_object('overtaken', true);
  end if;
  for told in
    select value from jsonb_array_elements(subscriptions) order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(ticket, told, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', told ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', told ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  update private.billing_walk as w set
    reached = reaches, phase = case when reaches is null then 'ours' else 'stripe' end;
  return jsonb_build_object(
    'overtaken', false, 'repaired', repaired, 'findings', findings, 'failed', failed,
    'ticket', nextval('private.stripe_tickets')
  );
end
$$;
comment on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) is
  'What was repaired, found or failed, and the ticket for the next page; overtaken if another run has moved on.';

-- Ours that are live and were not met at Stripe: each is to be asked for by itself, with the ticket that comes with it.
create function public.list_unmet_subscriptions(after text, number int) returns jsonb
language sql set search_path = '' as $$
  select coalesce(jsonb_agg(unmet.stripe_id order by unmet.stripe_id), '[]') from (
    select own.stripe_id from public.subscriptions as own, private.billing_walk as walk
    where own.applied_ticket < walk.first_ticket and own.status not in ('canceled', 'incomplete_expired')
      and own.stripe_id > coalesce(list_unmet_subscriptions.after, '')
    order by own.stripe_id limit number
  ) as unmet
$$;
comment on function public.list_unmet_subscriptions(text, int) is 'Ids of live subscriptions that this walk did not meet.';

create function public.draw_stripe_ticket() returns bigint
language sql set search_path = '' as $$
  select nextval('private.stripe_tickets')
$$;
comment on function public.draw_stripe_ticket() is 'To be drawn before Stripe is asked.';

create function public.finish_reconciliation() returns void
language sql set search_path = '' as $$
  update private.billing_walk set finished_at = now() where phase = 'ours'
$$;
comment on function public.finish_reconciliation() is 'The walk is over: the next run begins another.';

-- Events that failed and that nobody is at, the longest untouched first.
create function public.list_failed_stripe_events(number int) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', failed.id, 'type', failed.type, 'hint', failed.hint)
    order by failed.attempted_at), '[]')
  from (
    select event.* from private.stripe_events as event
    where event.processed_at is null and coalesce(event.claimed_until <= now(), true)
    order by event.attempted_at limit number
  ) as failed
$$;
comment on function public.list_failed_stripe_events(int) is 'Events to be tried again: id, type and hint.';

-- Once an hour, which is also how late the end of a grace may be.
insert into private.cron_jobs (name, schedule, path) values ('reconcileSubscriptions', '17 * * * *', 'reconcileSubscriptions');

-- Handlers only, and through their RPCs.
alter table private.billing_walk enable row level security;

create policy "handlers keep the walk" on private.billing_walk for all to service_role
  using (true) with check (true);

revoke all on table private.billing_walk from anon, authenticated, service_role;
grant select, insert, update on table private.billing_walk to service_role;

revoke all on function public.begin_reconciliation(boolean) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_stripe_page(bigint, jsonb, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_unmet_subscriptions(text, int) from public, anon, authenticated, service_role;
revoke all on function public.draw_stripe_ticket() from public, anon, authenticated, service_role;
revoke all on function public.finish_reconciliation() from public, anon, authenticated, service_role;
revoke all on function public.list_failed_stripe_events(int) from public, anon, authenticated, service_role;
grant execute on function public.begin_reconciliation(boolean) to service_role;
grant execute on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) to service_role;
grant execute on function public.list_unmet_subscriptions(text, int) to service_role;
grant execute on function public.draw_stripe_ticket() to service_role;
grant execute on function public.finish_reconciliation() to service_role;
grant execute on function public.list_failed_stripe_events(int) to service_role;

-- 20261122180000_create_design_assistant
-- Generated from the block catalogue by local/generate_blocks.py: do not edit.

-- The catalogue as JSON Schema, one definition a line.
create function private.block_list_schema() returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select '{"items": {"discriminator": {"mapping": {"call_to_action": "#/$defs/CallToAction", "columns": "#/$defs/Columns", "contact": "#/$defs/Contact", "divider": "#/$defs/Divider", "features": "#/$defs/Features", "gallery": "#/$defs/Gallery", "hero": "#/$defs/Hero", "links": "#/$defs/Links", "metrics": "#/$defs/Metrics", "quote": "#/$defs/Quote", "steps": "#/$defs/Steps", "tags": "#/$defs/Tags", "tech_list": "#/$defs/TechList", "text": "#/$defs/Text", "video": "#/$defs/Video"}, "propertyName": "type"}, "oneOf": [{"$ref": "#/$defs/Hero"}, {"$ref": "#/$defs/Text"}, {"$ref": "#/$defs/Gallery"}, {"$ref": "#/$defs/Video"}, {"$ref": "#/$defs/Metrics"}, {"$ref": "#/$defs/TechList"}, {"$ref": "#/$defs/Tags"}, {"$ref": "#/$defs/Links"}, {"$ref": "#/$defs/Contact"}, {"$ref": "#/$defs/Features"}, {"$ref": "#/$defs/Steps"}, {"$ref": "#/$defs/Quote"}, {"$ref": "#/$defs/CallToAction"}, {"$ref": "#/$defs/Divider"}, {"$ref": "#/$defs/Columns"}]}, "maxItems": 200, "type": "array", "$defs": {
    "Action": {"additionalProperties": false, "properties": {"label": {"maxLength": 80, "minLength": 1, "type": "string"}, "url": {"maxLength": 2048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^ \\t\\r\\n]+$", "type": "string"}}, "required": ["label", "url"], "type": "object"},
    "CallToAction": {"additionalProperties": false, "properties": {"type": {"const": "call_to_action", "type": "string"}, "props": {"$ref": "#/$defs/CallToActionProps"}}, "required": ["type", "props"], "type": "object"},
    "CallToActionProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "title": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}, "action": {"$ref": "#/$defs/Action"}}, "required": ["title", "action"], "type": "object"},
    "Colors": {"additionalProperties": false, "properties": {"background": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}, "text": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}, "accent": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}}, "required": ["background", "text", "accent"], "type": "object"},
    "Columns": {"additionalProperties": false, "properties": {"type": {"const": "columns", "type": "string"}, "props": {"$ref": "#/$defs/ColumnsProps"}}, "required": ["type", "props"], "type": "object"},
    "ColumnsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "columns": {"items": {"items": {"discriminator": {"mapping": {"call_to_action": "#/$defs/CallToAction", "contact": "#/$defs/Contact", "divider": "#/$defs/Divider", "features": "#/$defs/Features", "gallery": "#/$defs/Gallery", "hero": "#/$defs/Hero", "links": "#/$defs/Links", "metrics": "#/$defs/Metrics", "quote": "#/$defs/Quote", "steps": "#/$defs/Steps", "tags": "#/$defs/Tags", "tech_list": "#/$defs/TechList", "text": "#/$defs/Text", "video": "#/$defs/Video"}, "propertyName": "type"}, "oneOf": [{"$ref": "#/$defs/Hero"}, {"$ref": "#/$defs/Text"}, {"$ref": "#/$defs/Gallery"}, {"$ref": "#/$defs/Video"}, {"$ref": "#/$defs/Metrics"}, {"$ref": "#/$defs/TechList"}, {"$ref": "#/$defs/Tags"}, {"$ref": "#/$defs/Links"}, {"$ref": "#/$defs/Contact"}, {"$ref": "#/$defs/Features"}, {"$ref": "#/$defs/Steps"}, {"$ref": "#/$defs/Quote"}, {"$ref": "#/$defs/CallToAction"}, {"$ref": "#/$defs/Divider"}]}, "maxItems": 20, "type": "array"}, "maxItems": 4, "minItems": 2, "type": "array"}, "widths": {"items": {"maximum": 4, "minimum": 1, "type": "integer"}, "maxItems": 4, "type": "array"}}, "required": ["columns"], "type": "object"},
    "Contact": {"additionalProperties": false, "properties": {"type": {"const": "contact", "type": "string"}, "props": {"$ref": "#/$defs/ContactProps"}}, "required": ["type", "props"], "type": "object"},
    "ContactProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}, "action": {"anyOf": [{"$ref": "#/$defs/Action"}, {"type": "null"}]}}, "required": ["heading"], "type": "object"},
    "Divider": {"additionalProperties": false, "properties": {"type": {"const": "divider", "type": "string"}, "props": {"$ref": "#/$defs/DividerProps"}}, "required": ["type", "props"], "type": "object"},
    "DividerProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "style": {"enum": ["line", "space"], "type": "string"}, "size": {"enum": ["small", "medium", "large"], "type": "string"}}, "type": "object"},
    "Entry": {"additionalProperties": false, "properties": {"title": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}}, "required": ["title"], "type": "object"},
    "Features": {"additionalProperties": false, "properties": {"type": {"const": "features", "type": "string"}, "props": {"$ref": "#/$defs/FeaturesProps"}}, "required": ["type", "props"], "type": "object"},
    "FeaturesProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"$ref": "#/$defs/Entry"}, "maxItems": 12, "minItems": 1, "type": "array"}, "columns": {"maximum": 4, "minimum": 1, "type": "integer"}}, "required": ["items"], "type": "object"},
    "Gallery": {"additionalProperties": false, "properties": {"type": {"const": "gallery", "type": "string"}, "props": {"$ref": "#/$defs/GalleryProps"}}, "required": ["type", "props"], "type": "object"},
    "GalleryProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "images": {"items": {"$ref": "#/$defs/Image"}, "maxItems": 50, "type": "array"}, "columns": {"maximum": 4, "minimum": 1, "type": "integer"}, "fit": {"enum": ["cover", "contain"], "type": "string"}}, "type": "object"},
    "Hero": {"additionalProperties": false, "properties": {"type": {"const": "hero", "type": "string"}, "props": {"$ref": "#/$defs/HeroProps"}}, "required": ["type", "props"], "type": "object"},
    "HeroProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "title": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "tagline": {"anyOf": [{"maxLength": 500, "minLength": 1, "type": "string"}, {"type": "null"}]}, "align": {"enum": ["left", "center"], "type": "string"}, "image": {"anyOf": [{"$ref": "#/$defs/Image"}, {"type": "null"}]}, "image_position": {"enum": ["above", "beside"], "type": "string"}, "actions": {"items": {"$ref": "#/$defs/Action"}, "maxItems": 3, "type": "array"}, "show_avatar": {"type": "boolean"}}, "type": "object"},
    "Image": {"additionalProperties": false, "properties": {"url": {"maxLength": 2048, "pattern": "^([Hh][Tt][Tt][Pp][Ss]?:/|/storage/v1/object/(sign|public))/[^ \\t\\r\\n]+$", "type": "string"}, "alt": {"maxLength": 300, "type": "string"}}, "required": ["url"], "type": "object"},
    "Links": {"additionalProperties": false, "properties": {"type": {"const": "links", "type": "string"}, "props": {"$ref": "#/$defs/LinksProps"}}, "required": ["type", "props"], "type": "object"},
    "LinksProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "links": {"items": {"$ref": "#/$defs/Action"}, "maxItems": 10, "type": "array"}, "style": {"enum": ["buttons", "list"], "type": "string"}}, "type": "object"},
    "Metrics": {"additionalProperties": false, "properties": {"type": {"const": "metrics", "type": "string"}, "props": {"$ref": "#/$defs/MetricsProps"}}, "required": ["type", "props"], "type": "object"},
    "MetricsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "platforms": {"items": {"enum": ["github", "linkedin", "twitter"], "type": "string"}, "maxItems": 3, "minItems": 1, "type": "array"}, "layout": {"enum": ["row", "grid"], "type": "string"}, "show_history": {"type": "boolean"}}, "required": ["platforms"], "type": "object"},
    "Quote": {"additionalProperties": false, "properties": {"type": {"const": "quote", "type": "string"}, "props": {"$ref": "#/$defs/QuoteProps"}}, "required": ["type", "props"], "type": "object"},
    "QuoteProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "text": {"maxLength": 1000, "minLength": 1, "type": "string"}, "source": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}}, "required": ["text"], "type": "object"},
    "Steps": {"additionalProperties": false, "properties": {"type": {"const": "steps", "type": "string"}, "props": {"$ref": "#/$defs/StepsProps"}}, "required": ["type", "props"], "type": "object"},
    "StepsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"$ref": "#/$defs/Entry"}, "maxItems": 20, "minItems": 1, "type": "array"}}, "required": ["items"], "type": "object"},
    "Tags": {"additionalProperties": false, "properties": {"type": {"const": "tags", "type": "string"}, "props": {"$ref": "#/$defs/TagsProps"}}, "required": ["type", "props"], "type": "object"},
    "TagsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "items": {"items": {"maxLength": 80, "minLength": 1, "type": "string"}, "maxItems": 50, "type": "array"}}, "type": "object"},
    "TechList": {"additionalProperties": false, "properties": {"type": {"const": "tech_list", "type": "string"}, "props": {"$ref": "#/$defs/TechListProps"}}, "required": ["type", "props"], "type": "object"},
    "TechListProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"maxLength": 80, "minLength": 1, "type": "string"}, "maxItems": 50, "type": "array"}, "style": {"enum": ["chips", "list"], "type": "string"}}, "type": "object"},
    "Text": {"additionalProperties": false, "properties": {"type": {"const": "text", "type": "string"}, "props": {"$ref": "#/$defs/TextProps"}}, "required": ["type", "props"], "type": "object"},
    "TextProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "text": {"anyOf": [{"maxLength": 20000, "minLength": 1, "type": "string"}, {"type": "null"}]}, "align": {"enum": ["left", "center"], "type": "string"}}, "type": "object"},
    "Video": {"additionalProperties": false, "properties": {"type": {"const": "video", "type": "string"}, "props": {"$ref": "#/$defs/VideoProps"}}, "required": ["type", "props"], "type": "object"},
    "VideoProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "url": {"anyOf": [{"maxLength": 2048, "pattern": "^([Hh][Tt][Tt][Pp][Ss]?:/|/storage/v1/object/(sign|public))/[^ \\t\\r\\n]+$", "type": "string"}, {"type": "null"}]}, "caption": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "autoplay": {"type": "boolean"}}, "type": "object"}
  }}'::jsonb
$$;
comment on function private.block_list_schema() is 'The block catalogue as JSON Schema.';

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.block_list_schema() from public;
grant execute on function private.block_list_schema() to authenticated, service_role;

-- Templates and layouts are checked against the catalogue from here on. Rows that are there already stay as they are
-- until they are written again.

-- The part of JSON Schema that the catalogue is written in. A property that is not named is not allowed.
create function private.matches_schema(given jsonb, schema jsonb, definitions jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  kind constant text := jsonb_typeof(given);
begin
  if schema ? '$ref' then
    return private.matches_schema(given, definitions -> substr(schema ->> '$ref', length('#/$defs/') + 1), definitions);
  elsif schema ? 'discriminator' then
    -- One property tells which of the alternatives it has to be.
    return kind = 'object' and coalesce(private.matches_schema(given, jsonb_build_object('$ref',
      schema #> array['discriminator', 'mapping', given ->> (schema #>> '{discriminator,propertyName}')]
    ), definitions), false);
  elsif schema ? 'anyOf' then
    return exists (
      select from jsonb_array_elements(schema -> 'anyOf') as choice
      where private.matches_schema(given, choice, definitions)
    );
  elsif schema ? 'const' then
    return given = schema -> 'const';
  elsif schema ? 'enum' then
    return exists (select from jsonb_array_elements(schema -> 'enum') as choice where choice = given);
  end if;

  case schema ->> 'type'
    when 'string' then
      return kind = 'string'
        and char_length(given #>> '{}') >= coalesce((schema ->> 'minLength')::int, 0)
        and coalesce(char_length(given #>> '{}') <= (schema ->> 'maxLength')::int, true)
        and coalesce(given #>> '{}' ~ (schema ->> 'pattern'), true);
    when 'integer' then
      return kind = 'number'
        and (given #>> '{}')::numeric = trunc((given #>> '{}')::numeric)
        and coalesce((given #>> '{}')::numeric >= (schema ->> 'minimum')::numeric, true)
        and coalesce((given #>> '{}')::numeric <= (schema ->> 'maximum')::numeric, true);
    when 'array' then
      return kind = 'array'
        and jsonb_array_length(given) >= coalesce((schema ->> 'minItems')::int, 0)
        and coalesce(jsonb_array_length(given) <= (schema ->> 'maxItems')::int, true)
        and not exists (
          select from jsonb_array_elements(given) as item
          where not private.matches_schema(item, schema -> 'items', definitions)
        );
    when 'object' then
      return kind = 'object'
        and not exists (
          select from jsonb_array_elements_text(schema -> 'required') as name where not given ? name
        )
        and not exists (
          select from jsonb_each(given) as property
          where not coalesce(
            private.matches_schema(property.value, schema -> 'properties' -> property.key, definitions), false
          )
        );
    else
      return kind = schema ->> 'type';
  end case;
end
$$;
comment on function private.matches_schema(jsonb, jsonb, jsonb) is
  'Whether a value is as a JSON Schema (of the kind that the block catalogue is written in) says.';

create or replace function private.is_block_list(blocks jsonb) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then false
    when octet_length(blocks::text) > 262144 then false
    else private.matches_schema(
      blocks, private.block_list_schema() - '$defs', private.block_list_schema() -> '$defs'
    )
  end
$$;
comment on function private.is_block_list(jsonb) is
  'Whether this is an array of blocks as the catalogue describes them: at most 200, and 256 kB.';

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.matches_schema(jsonb, jsonb, jsonb) from public;
grant execute on function private.matches_schema(jsonb, jsonb, jsonb) to authenticated, service_role;

-- What became of a request, beside what was asked and answered.
alter table public.ai_sessions
  add column project_id uuid references public.projects (id) on delete set null,
  add column status text not null default 'running' check (status in ('running', 'done', 'failed', 'cancelled')),
  add column error_code text check (char_length(error_code) <= 100),
  add column model text check (char_length(model) <= 100),
  add column input_tokens int check (input_tokens >= 0),
  add column output_tokens int check (output_tokens >= 0),
  add column latency_ms int check (latency_ms >= 0),
  add column completed_at timestamptz;
comment on column public.ai_sessions.project_id is 'The project that was designed for; null where the content came along.';
comment on column public.ai_sessions.error_code is 'Why it failed: the code of the problem that the caller was told.';
create index ai_sessions_project_id_idx on public.ai_sessions (project_id);

-- Nothing ran before there was an assistant.
update public.ai_sessions set status = 'done';

-- What the design assistant may spend: how many designs a person has a day, and how much money all of them a month.

create table private.design_usage (
  user_id uuid not null references private.users (id) on delete cascade,
  day date not null,
  used int not null check (used >= 0),
  attempts int not null check (attempts >= used),
  primary key (user_id, day)
);
comment on table private.design_usage is 'Designs of a person on a UTC day. Those that failed are given back.';
comment on column private.design_usage.attempts is
  'All requests, failed ones too: they cost money, so there are at most four times as many as designs.';

create table private.design_spending (
  month date primary key check (month = date_trunc('month', month)),
  spent_micros bigint not null default 0 check (spent_micros >= 0)
);
comment on table private.design_spending is 'Money that the assistant spent in a UTC month, in millionths of a US dollar.';

-- A request under way, with the most that it can cost. No foreign keys: money is spent even where the person or the
-- session is gone before the answer.
create table private.design_runs (
  session_id uuid primary key,
  user_id uuid not null,
  started_at timestamptz not null default now(),
  reserved_micros bigint not null check (reserved_micros >= 0)
);
comment on table private.design_runs is 'Requests to the assistant under way, and what they may cost at most.';

-- Runs whose handler never came back, and what is reserved for those under way.
create index design_runs_started_at_idx on private.design_runs (started_at);

-- Ends a run: books its cost, and gives the design back to its person's day where nothing came of it.
create function private.settle_design_run(run private.design_runs, cost_micros bigint, returned boolean) returns void
language plpgsql set search_path = '' as $$
begin
  insert into private.design_spending as spending (month, spent_micros)
  values (date_trunc('month', now() at time zone 'utc')::date, cost_micros)
  on conflict (month) do update set spent_micros = spending.spent_micros + excluded.spent_micros;
  if returned then
    update private.design_usage set used = greatest(used - 1, 0)
    where user_id = run.user_id and day = (run.started_at at time zone 'utc')::date;
  end if;
  delete from private.design_runs where session_id = run.session_id;
end
$$;
comment on function private.settle_design_run(private.design_runs, bigint, boolean) is
  'Books what a run cost, gives the design back where nothing came of it, and forgets the run.';

-- Handlers only, and through their RPCs.
alter table private.design_usage enable row level security;
alter table private.design_spending enable row level security;
alter table private.design_runs enable row level security;

create policy "handlers count designs" on private.design_usage for all to service_role
  using (true) with check (true);
create policy "handlers keep the books" on private.design_spending for all to service_role
  using (true) with check (true);
create policy "handlers keep the runs" on private.design_runs for all to service_role
  using (true) with check (true);

revoke all on table private.design_usage, private.design_spending, private.design_runs
  from anon, authenticated, service_role;
grant select, insert, update, delete on table private.design_usage, private.design_spending, private.design_runs
  to service_role;

revoke all on function private.settle_design_run(private.design_runs, bigint, boolean) from public;
grant execute on function private.settle_design_run(private.design_runs, bigint, boolean) to service_role;

-- A request to the design assistant, from before money is spent to after its answer.

-- Counts the request, reserves what it can cost and opens its session: all of it or none, in one round trip.
-- `limits` is how many designs a day each tier has. Returns the session, or why not and when to come back.
create function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, limits jsonb, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  until_tomorrow constant int := ceil(extract(epoch from ((today + 1) at time zone 'utc' - now())));
  until_next_month constant int :=
    ceil(extract(epoch from ((this_month + interval '1 month') at time zone 'utc' - now())));
  daily int;
  usage private.design_usage;
  lost private.design_runs;
  session uuid;
begin
  select coalesce((begin_design.limits ->> person.tier)::int, 0) into daily
  from private.users as person where person.id = begin_design.user_id;
  if not found then
    return jsonb_build_object('refused', 'no_profile');
  end if;

  -- One at a time from here on: two requests must not both take what is left of the month.
  insert into private.design_spending (month) values (this_month) on conflict do nothing;
  perform from private.design_spending where month = this_month for update;

  -- A handler that was killed settles nothing: after a quarter of an hour its run counts as failed, at full cost.
  for lost in
    select * from private.design_runs where started_at < now() - interval '15 minutes' for update skip locked
  loop
    perform private.settle_design_run(lost, lost.reserved_micros, true);
    update public.ai_sessions set status = 'failed', error_code = 'abandoned', completed_at = now()
    where id = lost.session_id and status = 'running';
  end loop;

  insert into private.design_usage as usage (user_id, day, used, attempts)
  values (begin_design.user_id, today, 0, 0)
  on conflict do nothing;
  update private.design_usage set used = used + 1, attempts = attempts + 1
  where user_id = begin_design.user_id and day = today and used < daily and attempts < 4 * daily
  returning * into usage;
  if not found then
    return jsonb_build_object('refused', 'quota_exceeded', 'limit', daily, 'retry_after', until_tomorrow);
  end if;
  if (select spent_micros from private.design_spending where month = this_month)
    + (select coalesce(sum(reserved_micros), 0) from private.design_runs) + cost_micros > ceiling_micros
  then
    update private.design_usage set used = used - 1, attempts = attempts - 1
    where user_id = begin_design.user_id and day = today;
    return jsonb_build_object('refused', 'budget_spent', 'limit', daily, 'retry_after', until_next_month);
  end if;

  insert into public.ai_sessions (user_id, project_id, input_json, model)
  values (begin_design.user_id, begin_design.project_id, input, begin_design.model)
  returning id into session;
  insert into private.design_runs (session_id, user_id, reserved_micros)
  values (session, begin_design.user_id, cost_micros);
  return jsonb_build_object(
    'session_id', session, 'limit', daily, 'remaining', daily - usage.used, 'resets_in', until_tomorrow
  );
end
$$;
comment on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint) is
  'Counts a request to the assistant, reserves its cost and opens its session; or says why not.';

-- Completes a session, once; a second time changes nothing. `outcome` has status, error_code, output, input_tokens,
-- output_tokens, latency_ms, returned (the design does not count) and, to be stored as the person's, layout (name,
-- template_id). Returns the layout's id.
create function public.finish_design(session_id uuid, cost_micros bigint, outcome jsonb) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  run private.design_runs;
  session public.ai_sessions;
  layout uuid;
begin
  select * into run from private.design_runs where session_id = finish_design.session_id for update;
  if not found then
    return jsonb_build_object('layout_id', null, 'settled', false);
  end if;
  perform private.settle_design_run(run, cost_micros, coalesce((outcome ->> 'returned')::boolean, false));

  update public.ai_sessions set
    status = outcome ->> 'status',
    error_code = outcome ->> 'error_code',
    output_json = nullif(outcome -> 'output', 'null'),
    input_tokens = (outcome ->> 'input_tokens')::int,
    output_tokens = (outcome ->> 'output_tokens')::int,
    latency_ms = (outcome ->> 'latency_ms')::int,
    completed_at = now()
  where id = finish_design.session_id
  returning * into session;

  -- The project, the template or the person may have gone meanwhile.
  if found and jsonb_typeof(outcome -> 'layout') = 'object' then
    insert into public.layouts (user_id, project_id, template_id, name, blocks_json)
    values (
      session.user_id,
      (select id from public.projects where id = session.project_id and user_id = session.user_id),
      (select id from public.templates where id = (outcome #>> '{layout,template_id}')::uuid),
      outcome #>> '{layout,name}',
      session.output_json -> 'blocks'
    )
    returning id into layout;
  end if;
  return jsonb_build_object('layout_id', layout, 'settled', true);
end
$$;
comment on function public.finish_design(uuid, bigint, jsonb) is
  'Completes a session of the assistant, settles its cost and stores the design as a layout where that was asked.';

-- Handlers only.
revoke all on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function public.finish_design(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint) to service_role;
grant execute on function public.finish_design(uuid, bigint, jsonb) to service_role;

-- 20261122190000_create_notifications_outbox
-- The log of e-mails becomes an outbox: what is to be sent, what became of it, and who does not want it.

-- Nothing was sent by the old log, and nothing of it is to be sent now.
alter table public.notifications drop constraint notifications_status_check;
update public.notifications set status = 'failed' where status = 'pending';
alter table public.notifications
  alter column sent_at drop default,
  alter column status set default 'queued',
  add constraint notifications_status_check check (
    status in ('queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'suppressed')
  ),
  drop constraint notifications_type_check,
  add constraint notifications_type_check check (
    type in (
      'welcome', 'renewal_upcoming', 'renewal_succeeded', 'payment_failed', 'subscription_canceled',
      'account_deleted', 'data_export_ready', 'weekly_metrics'
    )
  ),
  add column dedupe_key text not null default gen_random_uuid()::text check (char_length(dedupe_key) between 1 and 255),
  add column payload jsonb not null default '{}'
    check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 65536),
  add column attempts int not null default 0 check (attempts >= 0),
  add column next_attempt_at timestamptz not null default now(),
  add column provider_message_id text check (char_length(provider_message_id) <= 200),
  add column error text check (char_length(error) <= 500),
  add column created_at timestamptz not null default now(),
  add unique (user_id, type, dedupe_key); -- serves the foreign key and the policy too
drop index public.notifications_user_id_sent_at_idx;
comment on table public.notifications is 'E-mails to people (welcome, renewal, ...): outbox and log; written by handlers.';
comment on column public.notifications.sent_at is 'When the mail service took it; null while it has not.';
comment on column public.notifications.status is
  'queued, sending (given to the mail service, no answer yet), sent (taken), delivered, bounced, failed, or suppressed '
  '(not sent, because the address or the person does not want it).';
comment on column public.notifications.dedupe_key is 'What happened, so that it is told once: unique for a person and type.';
comment on column public.notifications.payload is 'What the e-mail tells; see docs/notifications.md for each type.';
comment on column public.notifications.attempts is 'How often it was given to the mail service; the latest one may record.';
comment on column public.notifications.next_attempt_at is
  'When it may be sent. While sending: until when the event webhook has time to tell what became of a lost answer.';
comment on column public.notifications.provider_message_id is 'SendGrid''s X-Message-Id.';

-- What is to be sent now; the rest of a growing log is not in it.
create index notifications_due_idx on public.notifications (next_attempt_at) where status in ('queued', 'sending');

-- The one way to tell somebody something: as often as one likes, it is told once for each key. Part of the caller's
-- transaction, so that what happened and its e-mail are stored together or not at all. Nobody is told who is gone.
create function private.queue_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns void
language sql set search_path = '' as $$
  insert into public.notifications (user_id, type, dedupe_key, payload)
  select person.id, $2, $3, coalesce($4, '{}') from private.users as person where person.id = $1
  on conflict (user_id, type, dedupe_key) do nothing
$$;
comment on function private.queue_notification(uuid, text, text, jsonb) is
  'Queues an e-mail, once for each user, type and dedupe_key; nothing where there is no such user.';

-- A new profile is welcomed. A sign-in is worth more than an e-mail: whatever goes wrong here stays here.
create function private.queue_welcome() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_notification(new.id, 'welcome', 'welcome', '{}');
  return null;
exception
  when others then
    raise log 'No welcome was queued for %: %', new.id, sqlerrm;
    return null;
end
$$;
comment on function private.queue_welcome() is 'Trigger: a new profile is welcomed.';

create trigger queue_welcome after insert on private.users
  for each row execute function private.queue_welcome();

-- People see their own, and of those what happened and when; the rest is the handlers'.
revoke select on table public.notifications from authenticated;
grant select (id, user_id, type, status, sent_at, created_at) on table public.notifications to authenticated;

revoke all on function private.queue_notification(uuid, text, text, jsonb) from public;
revoke all on function private.queue_welcome() from public;
grant execute on function private.queue_notification(uuid, text, text, jsonb) to service_role;

-- Which e-mails a person wants, and which addresses get none.

-- Only what may be declined has a row, and only once somebody chose.
create table public.notification_preferences (
  user_id uuid not null default auth.uid() references private.users (id) on delete cascade,
  type text not null check (type in ('renewal_upcoming', 'weekly_metrics')),
  enabled boolean not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, type)
);
comment on table public.notification_preferences is
  'Which of the e-mails that may be declined a person wants; without a row, weekly_metrics is off and the rest is on.';

-- Who asked for a digest.
create index notification_preferences_enabled_idx on public.notification_preferences (type, user_id) where enabled;

create trigger touch_updated_at before update on public.notification_preferences
  for each row execute function private.touch_updated_at();
create trigger keep_owner before update on public.notification_preferences
  for each row when (old.user_id is distinct from new.user_id) execute function private.keep_owner();

-- Addresses that mail must not go to any more. They go with the person whose address it was.
create table private.notification_suppressions (
  email text not null check (char_length(email) between 1 and 255),
  user_id uuid not null references private.users (id) on delete cascade,
  reason text not null check (reason in ('bounce', 'spamreport', 'dropped')),
  created_at timestamptz not null default now(),
  primary key (email, user_id)
);
comment on table private.notification_suppressions is
  'Addresses that bounced for good or whose owner reported spam: nothing is sent there, until somebody deletes the row.';
create index notification_suppressions_user_id_idx on private.notification_suppressions (user_id);

-- What may be declined, and what holds for those who never chose; everything else belongs to the contract or the account.
create function private.wants_notification(user_id uuid, type text) returns boolean
language sql stable set search_path = '' as $$
  select case
    when $2 in ('renewal_upcoming', 'weekly_metrics') then coalesce(
      (
        select preference.enabled from public.notification_preferences as preference
        where preference.user_id = $1 and preference.type = $2
      ),
      $2 <> 'weekly_metrics'
    )
    else true
  end
$$;
comment on function private.wants_notification(uuid, text) is 'Whether a person is to get e-mails of this type.';

-- From a link in an e-mail, without a sign-in: the handler has checked its signature. Nothing to do for who is gone.
create function public.set_notification_preference(user_id uuid, type text, enabled boolean) returns void
language sql set search_path = '' as $$
  insert into public.notification_preferences (user_id, type, enabled)
  select person.id, $2, $3 from private.users as person where person.id = $1
  on conflict (user_id, type) do update set enabled = excluded.enabled
$$;
comment on function public.set_notification_preference(uuid, text, boolean) is
  'Turns e-mails of a type on or off for a person.';

-- Delayed bounces come without our id: then the address tells whose they are. Definer, because handlers may not read it.
create function private.profile_with_email(email text) returns uuid
language sql stable security definer set search_path = '' as $$
  select person.id from private.users as person where person.email = lower($1)
$$;
comment on function private.profile_with_email(text) is 'Whose address this is.';

-- People choose for themselves; handlers, where a link says so.
alter table public.notification_preferences enable row level security;

create policy "people see their own choices" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people make their own choices" on public.notification_preferences for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own choices" on public.notification_preferences for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people take their own choices back" on public.notification_preferences for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notification_preferences from anon, authenticated, service_role;
grant select, insert (user_id, type, enabled), update (user_id, type, enabled), delete
  on table public.notification_preferences to authenticated;
grant select, insert, update, delete on table public.notification_preferences to service_role;

-- Handlers only, and through their RPCs.
alter table private.notification_suppressions enable row level security;

create policy "handlers keep the suppressions" on private.notification_suppressions for all to service_role
  using (true) with check (true);

revoke all on table private.notification_suppressions from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_suppressions to service_role;

revoke all on function private.wants_notification(uuid, text) from public;
revoke all on function private.profile_with_email(text) from public;
revoke all on function public.set_notification_preference(uuid, text, boolean)
  from public, anon, authenticated, service_role;
grant execute on function private.wants_notification(uuid, text) to service_role;
grant execute on function private.profile_with_email(text) to service_role;
grant execute on function public.set_notification_preference(uuid, text, boolean) to service_role;

-- From the outbox to the mail service: what a dispatcher takes, and what it brings back.

-- Taking is marking as `sending`, before anything is sent: from then on nobody knows whether the mail service has it until
-- an answer or an event says so. One that was never answered for is taken again when its time to settle is over. SKIP
-- LOCKED lets dispatchers pass each other. What is not to be sent after all is closed here, with the rest of its batch.
create function public.lease_notifications(
  batch int, settle_seconds int, give_up_seconds int, notification_id uuid default null
) returns jsonb
language sql set search_path = '' as $$
  with due as materialized (
    select notification.id, notification.user_id, notification.type, notification.status, notification.attempts,
      notification.created_at, private.email_of(notification.user_id) as email
    from public.notifications as notification
    where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
      and ($4 is null or notification.id = $4)
    order by notification.next_attempt_at
    limit batch
    for update skip locked
  ),
  judged as materialized (
    select due.id, due.email, verdict.status, verdict.error
    from due cross join lateral (
      select
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds) then 'failed'
          when due.email is null or due.email ~ '[.@]invalid$' then 'suppressed'
          when exists (
            select from private.notification_suppressions as suppression where suppression.email = due.email
          ) then 'suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'suppressed'
          else 'sending'
        end as status,
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds)
            then case when due.status = 'sending' then 'gave_up: never_settled' else 'gave_up' end
          when due.email is null or due.email ~ '[.@]invalid$' then 'no_address'
          when exists (
            select from private.notification_suppressions as suppression where suppression.email = due.email
          ) then 'address_suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'declined'
        end as error
    ) as verdict
  ),
  taken as (
    update public.notifications as notification set
      status = judged.status,
      error = coalesce(judged.error, notification.error),
      attempts = notification.attempts + case when judged.status = 'sending' then 1 else 0 end,
      next_attempt_at = now() + make_interval(secs => settle_seconds)
    from judged where judged.id = notification.id
    returning notification.*, judged.email
  )
  select jsonb_build_object(
    'closed', count(*) filter (where taken.status <> 'sending'),
    'notifications', coalesce(
      jsonb_agg(jsonb_build_object(
        'id', taken.id, 'user_id', taken.user_id, 'type', taken.type, 'attempt', taken.attempts, 'email', taken.email,
        'username', (select person.username from private.users as person where person.id = taken.user_id),
        'payload', taken.payload
      ) order by taken.created_at) filter (where taken.status = 'sending'),
      '[]'
    )
  ) from taken
$$;
comment on function public.lease_notifications(int, int, int, uuid) is
  'Marks what is due (or one) as sending and returns it, with addresses; closes what is given up, suppressed or declined.';

-- An answer `sent` counts whoever brings it; anything else only from the latest attempt, and only while no event has said
-- otherwise. Rows are locked in one order, so that this and the event webhook never wait for each other in a circle.
create function public.record_notifications(results jsonb) returns void
language plpgsql set search_path = '' as $$
begin
  perform from public.notifications as notification
  where notification.id in (select (result ->> 'id')::uuid from jsonb_array_elements(results) as result)
  order by notification.id for update;

  update public.notifications as notification set
    status = case result.outcome when 'sent' then 'sent' when 'failed' then 'failed' when 'lost' then 'sending' else 'queued' end,
    sent_at = case when result.outcome = 'sent' then now() else notification.sent_at end,
    provider_message_id = coalesce(result.message_id, notification.provider_message_id),
    error = result.error,
    next_attempt_at = case
      when result.outcome in ('retry', 'lost') then now() + make_interval(secs => coalesce(result.wait_seconds, 0))
      else notification.next_attempt_at
    end
  from jsonb_to_recordset(results) as result (
    id uuid, attempt int, outcome text, message_id text, error text, wait_seconds double precision
  )
  where notification.id = result.id and notification.status in ('queued', 'sending')
    and (result.outcome = 'sent' or (notification.status = 'sending' and notification.attempts = result.attempt));
end
$$;
comment on function public.record_notifications(jsonb) is
  'Stores what came of sending: sent, failed, retry (after wait_seconds) or lost (no answer: settles until then).';

-- What a service asks for: queued once for its key, and told what became of it.
create function public.request_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  perform private.queue_notification($1, $2, $3, $4);
  return (
    select jsonb_build_object('id', notification.id, 'status', notification.status)
    from public.notifications as notification
    where notification.user_id = $1 and notification.type = $2 and notification.dedupe_key = $3
  );
end
$$;
comment on function public.request_notification(uuid, text, text, jsonb) is
  'Queues an e-mail once for its key; its id and status, or null where there is no such user.';

-- What people may ask for themselves: the latest e-mail of a type again, as it was, and not at once. The key is the one that
-- it repeats, so that asking twice at the same time is asking once. A link that has run out is not sent again.
create function public.request_notification_again(user_id uuid, type text, quiet_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  latest public.notifications;
begin
  select * into latest from public.notifications as notification
  where notification.user_id = $1 and notification.type = $2
  order by notification.created_at desc, notification.id limit 1;
  if latest.id is null then
    return case when $2 = 'welcome' then public.request_notification($1, $2, 'welcome') end;
  elsif latest.payload ->> 'expires_at' < to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS') then
    return null;
  elsif latest.status in ('queued', 'sending')
    or coalesce(latest.sent_at, latest.created_at) > now() - make_interval(secs => quiet_seconds) then
    return jsonb_build_object('id', latest.id, 'status', latest.status);
  end if;
  return public.request_notification($1, $2, 'again-' || latest.id, latest.payload);
end
$$;
comment on function public.request_notification_again(uuid, text, int) is
  'The latest e-mail of a type once more, or that one where it is young; null where there is none to send.';

-- What became of one.
create function public.get_notification_status(notification_id uuid) returns text
language sql stable set search_path = '' as $$
  select notification.status from public.notifications as notification where notification.id = $1
$$;
comment on function public.get_notification_status(uuid) is 'The status of a notification.';

-- What is left for the next run.
create function public.count_due_notifications() returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.notifications as notification
  where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
$$;
comment on function public.count_due_notifications() is 'How many notifications may be sent now.';

-- Handlers only.
revoke all on function public.lease_notifications(int, int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_notifications(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.request_notification(uuid, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.request_notification_again(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.get_notification_status(uuid) from public, anon, authenticated, service_role;
revoke all on function public.count_due_notifications() from public, anon, authenticated, service_role;
grant execute on function public.lease_notifications(int, int, int, uuid) to service_role;
grant execute on function public.record_notifications(jsonb) to service_role;
grant execute on function public.request_notification(uuid, text, text, jsonb) to service_role;
grant execute on function public.request_notification_again(uuid, text, int) to service_role;
grant execute on function public.get_notification_status(uuid) to service_role;
grant execute on function public.count_due_notifications() to service_role;

-- What the mail service says became of an e-mail.

create table private.notification_events (
  notification_id uuid not null references public.notifications (id) on delete cascade,
  -- SendGrid gives an event a new id when it tells it again: message, event and time tell whether it is the same.
  message_id text not null check (char_length(message_id) <= 200),
  event text not null check (char_length(event) between 1 and 40),
  occurred_at timestamptz not null,
  verdict text check (verdict in ('sent', 'delivered', 'bounced', 'failed', 'suppressed')),
  reason text check (char_length(reason) <= 500),
  primary key (notification_id, message_id, event, occurred_at)
);
comment on table private.notification_events is 'Events of the mail service, each once.';
comment on column private.notification_events.verdict is 'The status that it means, if any.';

-- A status is decided from all events together, the gravest first: so their order and repetition change nothing. Rows are
-- locked before anything is looked at, so that two deliveries at once see each other's events.
create function public.record_notification_events(events jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  known uuid[];
  stored int;
begin
  select array_agg(notification.id) into known from (
    select locked.id from public.notifications as locked
    where locked.id in (select (event ->> 'notification_id')::uuid from jsonb_array_elements(events) as event)
    order by locked.id for update
  ) as notification;

  with told as (
    insert into private.notification_events (notification_id, message_id, event, occurred_at, verdict, reason)
    select event.notification_id, event.message_id, event.event, event.occurred_at, event.verdict, event.reason
    from jsonb_to_recordset(events) as event (
      notification_id uuid, message_id text, event text, occurred_at timestamptz, verdict text, reason text
    )
    where event.notification_id = any (known)
    on conflict do nothing
    returning 1
  )
  select count(*) into stored from told;

  update public.notifications as notification set
    status = gravest.verdict,
    error = case when gravest.verdict in ('bounced', 'failed', 'suppressed') then gravest.reason end,
    sent_at = least(notification.sent_at, gravest.first_at),
    provider_message_id = coalesce(notification.provider_message_id, nullif(gravest.message_id, ''))
  from (
    select distinct on (event.notification_id) event.*,
      min(event.occurred_at) over (partition by event.notification_id) as first_at
    from private.notification_events as event
    where event.notification_id = any (known) and event.verdict is not null
    order by event.notification_id,
      array_position(array['bounced', 'delivered', 'suppressed', 'failed', 'sent'], event.verdict),
      event.occurred_at, event.message_id
  ) as gravest
  where notification.id = gravest.notification_id;

  insert into private.notification_suppressions (email, user_id, reason)
  select lower(event.email), person.user_id, event.suppress
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, suppress text)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  where event.suppress is not null and event.email <> '' and person.user_id is not null
  on conflict do nothing;

  -- Who leaves through the mail service's own link leaves everything that may be declined.
  perform public.set_notification_preference(person.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  cross join unnest(array['renewal_upcoming', 'weekly_metrics']) as declined (type)
  where event.unsubscribe and person.user_id is not null;

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$$;
comment on function public.record_notification_events(jsonb) is
  'Stores events once, and decides status, suppressions and preferences from them; how many were new.';

-- Handlers only, and through their RPC.
alter table private.notification_events enable row level security;

create policy "handlers keep the events" on private.notification_events for all to service_role
  using (true) with check (true);

revoke all on table private.notification_events from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_events to service_role;

revoke all on function public.record_notification_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_notification_events(jsonb) to service_role;

-- The weekly digest: what each project earned in seven days, for those who asked for it.

-- Counts are each platform's first one: stars at GitHub, likes elsewhere. A project without a snapshot before the week is
-- not said to have earned everything in it. Who has no numbers gets no e-mail. Run again, it queues nothing twice.
create function public.queue_weekly_metrics(ends date default (now() at time zone 'utc')::date) returns int
language plpgsql set search_path = '' as $$
declare
  queued int;
begin
  with number as (
    select project.user_id, project.id as project_id, project.title, platform.name as platform,
      latest.count as now, coalesce(before.count, latest.count) as before
    from public.notification_preferences as preference
    join public.projects as project on project.user_id = preference.user_id
    cross join unnest(array['github', 'linkedin', 'twitter']) as platform (name)
    cross join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends
      order by metric.recorded_at desc limit 1
    ) as latest
    left join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends - 7
      order by metric.recorded_at desc limit 1
    ) as before on true
    where preference.type = 'weekly_metrics' and preference.enabled
  ),
  project as (
    select number.user_id, number.title, sum(number.now - number.before) as gained, sum(number.now) as total,
      jsonb_agg(
        jsonb_build_object('platform', number.platform, 'now', number.now, 'before', number.before)
        order by number.platform
      ) as platforms
    from number group by number.user_id, number.project_id, number.title
  ),
  ranked as (
    select project.*, row_number() over (
      partition by project.user_id order by project.gained desc, project.total desc, project.title
    ) as rank
    from project
  ),
  digest as (
    select ranked.user_id, jsonb_build_object(
      'from', ends - 7,
      'to', ends,
      'gained', sum(ranked.gained),
      'more', count(*) filter (where ranked.rank > 5),
      'projects', jsonb_agg(jsonb_build_object(
        'title', ranked.title, 'gained', ranked.gained, 'platforms', ranked.platforms
      ) order by ranked.rank) filter (where ranked.rank <= 5)
    ) as payload
    from ranked group by ranked.user_id
  ),
  added as (
    insert into public.notifications (user_id, type, dedupe_key, payload)
    select digest.user_id, 'weekly_metrics', to_char(ends, 'IYYY-"W"IW'), digest.payload from digest
    on conflict (user_id, type, dedupe_key) do nothing
    returning 1
  )
  select count(*) into queued from added;
  return queued;
end
$$;
comment on function public.queue_weekly_metrics(date) is
  'Queues the digest of the seven days up to this one, for all who asked for it; how many were new.';

insert into private.cron_jobs (name, schedule, path) values
  ('dispatchNotifications', '* * * * *', 'dispatchNotifications'),
  ('queueWeeklyMetrics', '0 7 * * 1', 'queueWeeklyMetrics');

-- Handlers only.
revoke all on function public.queue_weekly_metrics(date) from public, anon, authenticated, service_role;
grant execute on function public.queue_weekly_metrics(date) to service_role;

-- 20261122200100_create_media
-- Uploads, the order of images and videos, QR codes, and the removal of files that nothing shows any more.

-- Files that nothing shows any more: queued in the transaction that let go of them, removed through the Storage API.

create table private.file_removals (
  bucket_id text not null check (char_length(bucket_id) between 1 and 100),
  name text not null check (char_length(name) between 1 and 1024),
  attempts int not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  last_error text check (char_length(last_error) <= 200),
  created_at timestamptz not null default now(),
  primary key (bucket_id, name)
);
comment on table private.file_removals is 'Files to be removed; a row goes once its file is gone.';

-- What may be tried now.
create index file_removals_next_attempt_at_idx on private.file_removals (next_attempt_at);

-- The name of a file that confirmUpload stored, <person>/<project>/<upload>.<ending>, from the address in its row.
create function private.media_file_name(url text) returns text
language sql immutable set search_path = '' as $$
  select substring(
    url from '/storage/v1/object/public/project-media/([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4})$'
  )
$$;
comment on function private.media_file_name(text) is 'The file behind an address, where confirmUpload stored it.';

-- A row's address is its owner's to choose: only a file in the folder of the row's own project goes with the row.
create function private.queue_media_file_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name)
  select 'project-media', file.name from private.media_file_name(old.url) as file (name)
  where split_part(file.name, '/', 2) = old.project_id::text
  on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_media_file_removal() is 'Trigger: a row''s file goes with the row.';

create trigger queue_file_removal after delete on public.project_images
  for each row execute function private.queue_media_file_removal();
create trigger queue_replaced_file_removal after update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.queue_media_file_removal();
create trigger queue_file_removal after delete on public.project_videos
  for each row execute function private.queue_media_file_removal();
create trigger queue_replaced_file_removal after update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.queue_media_file_removal();

-- Everything below a folder, in every bucket. starts_with, because % and _ are ordinary characters in names.
create function private.queue_folder_removal(folder text) returns void
language sql security definer set search_path = '' as $$
  insert into private.file_removals (bucket_id, name)
  select object.bucket_id, object.name from storage.objects as object where starts_with(object.name, folder || '/')
  on conflict do nothing
$$;
comment on function private.queue_folder_removal(text) is 'Queues every file below a folder for removal.';

create function private.queue_project_folder_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  return null;
end
$$;
comment on function private.queue_project_folder_removal() is 'Trigger: a project''s files go with the project.';

create trigger queue_file_removal after delete on public.projects
  for each row execute function private.queue_project_folder_removal();

create function private.queue_user_folder_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.id::text);
  return null;
end
$$;
comment on function private.queue_user_folder_removal() is 'Trigger: a person''s files go with the person.';

create trigger queue_file_removal after delete on private.users
  for each row execute function private.queue_user_folder_removal();

-- Handlers only, and they through functions.
alter table private.file_removals enable row level security;

create policy "nobody through the API" on private.file_removals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.file_removals from anon, authenticated, service_role;

revoke all on function private.media_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_file_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_folder_removal(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_project_folder_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_user_folder_removal() from public, anon, authenticated, service_role;

-- Uploads on their way: announced, sent to a bucket that nobody reads, checked, and only then shown.

-- No policy opens it: files come in by signed address and go out through confirmUpload.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'uploads', 'uploads', false, 50 * 1024 * 1024,
  array[
    'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'video/mp4', 'video/webm', 'video/quicktime'
  ]
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create table private.media_uploads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  project_id uuid not null references public.projects (id) on delete cascade,
  kind text not null check (kind in ('image', 'video')),
  content_type text not null check (char_length(content_type) <= 100),
  size bigint not null check (size > 0),
  status text not null default 'pending' check (status in ('pending', 'confirmed', 'rejected')),
  reason text check (char_length(reason) <= 100),
  media_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table private.media_uploads is
  'Files that are expected or were checked; the file is uploads/<user_id>/<id>.';
comment on column private.media_uploads.media_id is 'The row of project_images or project_videos that it became.';

create index media_uploads_user_id_idx on private.media_uploads (user_id);
-- How many are on their way to a project; it serves the foreign key too.
create index media_uploads_project_id_idx on private.media_uploads (project_id, kind);
create index media_uploads_expires_at_idx on private.media_uploads (expires_at);

-- What was sent goes when its upload is over, however it ended.
create function private.queue_upload_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name) values ('uploads', old.user_id || '/' || old.id)
  on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_upload_removal() is 'Trigger: the file as it was sent goes when its upload is over.';

create trigger queue_file_removal after delete on private.media_uploads
  for each row execute function private.queue_upload_removal();
create trigger queue_finished_file_removal after update on private.media_uploads
  for each row when (old.status = 'pending' and new.status <> 'pending')
  execute function private.queue_upload_removal();

-- How many images or videos a project has.
create function private.count_media(kind text, project_id uuid) returns bigint
language sql stable set search_path = '' as $$
  select case
    when $1 = 'image' then (select count(*) from public.project_images as image where image.project_id = $2)
    else (select count(*) from public.project_videos as video where video.project_id = $2)
  end
$$;
comment on function private.count_media(text, uuid) is 'How many images or videos a project has.';

-- The project is locked: two at once do not share the last place. What is on its way holds a place until it expires.
create function public.create_media_upload(
  user_id uuid, project_id uuid, kind text, content_type text, size bigint, limits jsonb, lifetime_seconds int
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  project public.projects;
  places constant int := (select (limits ->> person.tier)::int from private.users as person where person.id = $1);
  upload private.media_uploads;
begin
  select * into project from public.projects as found where found.id = $2 for no key update;
  if project.id is null or (project.user_id <> $1 and project.status <> 'published') then
    return '{"reason": "project_not_found"}';
  elsif project.user_id <> $1 then
    return '{"reason": "not_the_owner"}';
  elsif places <= private.count_media($3, $2) + (
    select count(*) from private.media_uploads as waiting
    where waiting.project_id = $2 and waiting.kind = $3 and waiting.status = 'pending' and waiting.expires_at > now()
  ) then
    return jsonb_build_object('reason', 'too_many', 'limit', places);
  end if;
  insert into private.media_uploads (user_id, project_id, kind, content_type, size, expires_at)
  values ($1, $2, $3, $4, $5, now() + make_interval(secs => lifetime_seconds))
  returning * into upload;
  return to_jsonb(upload);
end
$$;
comment on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) is
  'Announces an upload to one''s own project within the limit of one''s tier; {"reason"} where it may not be.';

create function public.get_media_upload(user_id uuid, upload_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select to_jsonb(upload) from private.media_uploads as upload where upload.id = $2 and upload.user_id = $1
$$;
comment on function public.get_media_upload(uuid, uuid) is 'An upload of this person''s; null where there is none.';

-- The row as PostgREST would show it, with its kind.
create function private.media_row(kind text, media_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(image) from public.project_images as image where $1 = 'image' and image.id = $2
  union all
  select to_jsonb(video) from public.project_videos as video where $1 = 'video' and video.id = $2
$$;
comment on function private.media_row(text, uuid) is 'A row of project_images or project_videos.';

-- Project first, then the upload, as everywhere: callers wait in one order. Confirming twice is confirming once.
create function public.confirm_media_upload(user_id uuid, upload_id uuid, url text, limits jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
begin
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  elsif private.count_media(upload.kind, upload.project_id)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.number_media(upload.kind, upload.project_id);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, private.count_media('image', upload.project_id)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, private.count_media('video', upload.project_id)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';

create function public.reject_media_upload(upload_id uuid, reason text) returns void
language sql security definer set search_path = '' as $$
  update private.media_uploads as upload set status = 'rejected', reason = $2
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.reject_media_upload(uuid, text) is
  'Closes an upload whose file did not pass; its file goes.';

-- Handlers only, and they through functions.
alter table private.media_uploads enable row level security;

create policy "nobody through the API" on private.media_uploads for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.media_uploads from anon, authenticated, service_role;

revoke all on function private.queue_upload_removal() from public, anon, authenticated, service_role;
revoke all on function private.count_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int)
  from public, anon, authenticated, service_role;
revoke all on function public.get_media_upload(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function private.media_row(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.reject_media_upload(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) to service_role;
grant execute on function public.get_media_upload(uuid, uuid) to service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb) to service_role;
grant execute on function public.reject_media_upload(uuid, text) to service_role;

-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Whoever changes an order holds the project's row first, so that two never number the same rows.
create function private.number_media(kind text, project_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  execute format(
    'update public.%1$I as medium set position = ordered.place
     from (
       select id, row_number() over (order by position, id) - 1 as place from public.%1$I where project_id = $1
     ) as ordered
     where ordered.id = medium.id and medium.position <> ordered.place',
    'project_' || $1 || 's'
  ) using $2;
end
$$;
comment on function private.number_media(text, uuid) is 'Numbers a project''s images or videos from 0, in their order.';

-- Who deletes holds the deleted row already: it must not wait for the project, whose holder may wait for that row.
-- Where somebody else holds the project, their numbering or the next one closes the gap.
create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  project uuid;
begin
  for project in select distinct removed.project_id from removed loop
    perform from public.projects where projects.id = project for no key update skip locked;
    if found then
      perform private.number_media(case tg_table_name when 'project_images' then 'image' else 'video' end, project);
    end if;
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

create trigger close_gaps after delete on public.project_images referencing old table as removed
  for each statement execute function private.close_media_gaps();
create trigger close_gaps after delete on public.project_videos referencing old table as removed
  for each statement execute function private.close_media_gaps();

-- The whole order at once: who saw another list than there is now is told so, and nothing is lost between two callers.
create function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  present uuid[];
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if kind = 'image' then
    select array_agg(image.id order by image.id) into present
    from public.project_images as image where image.project_id = $1;
  else
    select array_agg(video.id order by video.id) into present
    from public.project_videos as video where video.project_id = $1;
  end if;
  if coalesce(present, '{}') <> coalesce((select array_agg(given order by given) from unnest(ids) as given), '{}') then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  if kind = 'image' then
    update public.project_images as image set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where image.id = wanted.id and image.project_id = $1 and image.position <> wanted.place - 1;
  else
    update public.project_videos as video set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where video.id = wanted.id and video.project_id = $1 and video.position <> wanted.place - 1;
  end if;
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';

-- The owner calls it with their own rights; the rest is for triggers.
revoke all on function private.number_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;

-- QR codes that were made: what each says and how it looks, to make it once, and again when its link changes.

create table private.qr_codes (
  name text primary key check (char_length(name) <= 200),
  user_id uuid not null references private.users (id) on delete cascade,
  project_id uuid references public.projects (id) on delete cascade,
  link text not null check (char_length(link) <= 2048),
  username text not null,
  style jsonb not null check (jsonb_typeof(style) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table private.qr_codes is 'The files of the bucket qr-codes that generateQrCode made.';
comment on column private.qr_codes.project_id is 'The project it leads to; null: the person''s profile.';
comment on column private.qr_codes.username is 'Whose name the link carries: another name since makes the code stale.';

create index qr_codes_user_id_idx on private.qr_codes (user_id);
create index qr_codes_project_id_idx on private.qr_codes (project_id);

create trigger touch_updated_at before update on private.qr_codes
  for each row execute function private.touch_updated_at();

create function private.queue_qr_code_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name) values ('qr-codes', old.name) on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_qr_code_removal() is 'Trigger: a code''s file goes with its row.';

create trigger queue_file_removal after delete on private.qr_codes
  for each row execute function private.queue_qr_code_removal();

-- What a code of this name would lead to, and which link the stored one carries (null: there is none).
create function public.get_qr_target(user_id uuid, project_id uuid, name text, logo_image_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'username', person.username,
    'found', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.user_id = $1
    ),
    'published', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.status = 'published'
    ),
    'logo', (
      select private.media_file_name(image.url) from public.project_images as image
      join public.projects as project on project.id = image.project_id
      where image.id = $4 and project.user_id = $1 and starts_with(private.media_file_name(image.url), $1::text || '/')
    ),
    'stored_link', (
      select code.link from private.qr_codes as code
      join storage.objects as object on object.bucket_id = 'qr-codes' and object.name = code.name
      where code.name = $3 and code.user_id = $1
    )
  ) from private.users as person where person.id = $1
$$;
comment on function public.get_qr_target(uuid, uuid, text, uuid) is
  'What a QR code of this person''s would lead to and what is stored; null where there is no such person.';

-- After the file is stored: a row says that its file carries its link.
create function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = '' as $$
  insert into private.qr_codes (user_id, project_id, name, link, username, style) values ($1, $2, $3, $4, $5, $6)
  on conflict (name) do update set link = excluded.link, username = excluded.username;
  delete from private.file_removals as removal where removal.bucket_id = 'qr-codes' and removal.name = $3;
$$;
comment on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) is
  'Notes a QR code that has been stored.';

-- A project that is no longer published loses its codes; the rest is made again by the handler.
create function public.take_stale_qr_codes(batch int) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  select coalesce(jsonb_agg(to_jsonb(stale)), '[]') from (
    select code.name, code.user_id, code.project_id, code.style, person.username,
      (
        select private.media_file_name(image.url) from public.project_images as image
        join public.projects as project on project.id = image.project_id
        where image.id = (code.style ->> 'logo_image_id')::uuid and project.user_id = code.user_id
      ) as logo
    from private.qr_codes as code join private.users as person on person.id = code.user_id
    where person.username <> code.username
    order by code.updated_at limit batch
  ) as stale
$$;
comment on function public.take_stale_qr_codes(int) is
  'The codes whose link has changed; those that lead nowhere are dropped.';

-- Handlers only, and they through functions.
alter table private.qr_codes enable row level security;

create policy "nobody through the API" on private.qr_codes for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.qr_codes from anon, authenticated, service_role;

revoke all on function private.queue_qr_code_removal() from public, anon, authenticated, service_role;
revoke all on function public.get_qr_target(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_qr_code(uuid, uuid, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.take_stale_qr_codes(int) from public, anon, authenticated, service_role;
grant execute on function public.get_qr_target(uuid, uuid, text, uuid) to service_role;
grant execute on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) to service_role;
grant execute on function public.take_stale_qr_codes(int) to service_role;

-- What sweepMedia does: drains the queue of removals, and finds what the queue missed.

-- The id that a part of a file's name is; null where it is none.
create function private.folder_id(name text, place int) returns uuid
language sql immutable set search_path = '' as $$
  select case
    when split_part($1, '/', $2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then split_part($1, '/', $2)::uuid
  end
$$;
comment on function private.folder_id(text, int) is 'The id in one part of a file''s name.';

-- Whether something shows or expects this file.
create function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.project_images as image
      where image.project_id = private.folder_id($2, 2) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.project_videos as video
      where video.project_id = private.folder_id($2, 2) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    else false
  end
$$;
comment on function private.is_file_wanted(text, text) is 'Whether a row still stands for this file.';

-- SKIP LOCKED and a lease let runs pass each other. What is wanted again is taken off the list.
create function public.lease_file_removals(batch int, lease_seconds int) returns jsonb
language sql security definer set search_path = '' as $$
  with due as materialized (
    select removal.bucket_id, removal.name, private.is_file_wanted(removal.bucket_id, removal.name) as wanted
    from private.file_removals as removal where removal.next_attempt_at <= now()
    order by removal.next_attempt_at limit batch for update skip locked
  ),
  kept as (
    delete from private.file_removals as removal using due
    where due.wanted and removal.bucket_id = due.bucket_id and removal.name = due.name
  ),
  taken as (
    update private.file_removals as removal set
      attempts = removal.attempts + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where not due.wanted and removal.bucket_id = due.bucket_id and removal.name = due.name
    returning removal.bucket_id, removal.name
  )
  select coalesce(jsonb_agg(to_jsonb(taken)), '[]') from taken
$$;
comment on function public.lease_file_removals(int, int) is 'Takes files whose removal is due.';

-- Storage's own table tells what is gone, not the answer that may have been lost. What is left waits longer each time.
create function public.finish_file_removals(bucket_id text, names text[], reason text) returns jsonb
language sql security definer set search_path = '' as $$
  with gone as (
    delete from private.file_removals as removal
    where removal.bucket_id = $1 and removal.name = any ($2) and not exists (
      select from storage.objects as object where object.bucket_id = $1 and object.name = removal.name
    )
    returning removal.name
  ),
  left_over as (
    update private.file_removals as removal set
      last_error = coalesce($3, 'still_there'),
      next_attempt_at = now() + least(interval '1 minute' * 2 ^ least(removal.attempts, 12), interval '6 hours')
    where removal.bucket_id = $1 and removal.name = any ($2) and exists (
      select from storage.objects as object where object.bucket_id = $1 and object.name = removal.name
    )
    returning removal.name
  )
  select jsonb_build_object(
    'removed', (select count(*) from gone), 'failed', (select count(*) from left_over)
  )
$$;
comment on function public.finish_file_removals(text, text[], text) is
  'Takes files that are gone off the list; the rest is tried again later.';

create function public.count_file_removals() returns bigint
language sql stable security definer set search_path = '' as $$
  select count(*) from private.file_removals
$$;
comment on function public.count_file_removals() is 'How many files wait to be removed.';

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that people stored under names of their own are theirs to keep.
create function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_name(image.url) as name from public.project_images as image
    union select private.media_file_name(video.url) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as person where person.id::text = split_part(object.name, '/', 1))
        or (object.bucket_id in ('uploads', 'qr-codes') and not private.is_file_wanted(object.bucket_id, object.name))
        or (
          object.bucket_id = 'project-media'
          and object.name ~ '^[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4}$'
          and not exists (select from shown where shown.name = object.name)
        )
      )
    on conflict do nothing
    returning name
  )
  select count(*) into orphans from queued;

  select coalesce(jsonb_agg(medium.id), '[]') into missing from (
    select image.id, private.media_file_name(image.url) as name from public.project_images as image
    union all
    select video.id, private.media_file_name(video.url) from public.project_videos as video
  ) as medium
  where medium.name is not null and not exists (
    select from storage.objects as object where object.bucket_id = 'project-media' and object.name = medium.name
  );
  return jsonb_build_object('expired', expired, 'orphans', orphans, 'missing', missing);
end
$$;
comment on function public.queue_orphaned_files(int) is
  'Queues files that nothing stands for; lists the rows whose file is missing.';

insert into private.cron_jobs (name, schedule, path, body) values
  ('sweepMedia', '*/5 * * * *', 'sweepMedia', '{}'),
  ('findOrphanedMedia', '40 3 * * *', 'sweepMedia', '{"orphans": true}');

-- Handlers only.
revoke all on function private.folder_id(text, int) from public, anon, authenticated, service_role;
revoke all on function private.is_file_wanted(text, text) from public, anon, authenticated, service_role;
revoke all on function public.lease_file_removals(int, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_file_removals(text, text[], text) from public, anon, authenticated, service_role;
revoke all on function public.count_file_removals() from public, anon, authenticated, service_role;
revoke all on function public.queue_orphaned_files(int) from public, anon, authenticated, service_role;
grant execute on function public.lease_file_removals(int, int) to service_role;
grant execute on function public.finish_file_removals(text, text[], text) to service_role;
grant execute on function public.count_file_removals() to service_role;
grant execute on function public.queue_orphaned_files(int) to service_role;

-- 20261122200200_create_account
-- Leaving with one's data, and leaving nothing behind.

-- Taking one's data along: what is a person's, table by table, and the archives that were made of it.

-- Private: in by exportAccount, out by a signed address that runs out. Media of many projects makes large archives.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('account-exports', 'account-exports', false, 5368709120, array['application/zip'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create table private.account_exports (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  expires_at timestamptz not null,
  size bigint check (size >= 0)
);
comment on table private.account_exports is
  'Archives of people''s data; the file is account-exports/<user_id>/<id>.zip.';

create index account_exports_user_id_idx on private.account_exports (user_id);
create index account_exports_expires_at_idx on private.account_exports (expires_at);

create function private.queue_export_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name)
  values ('account-exports', old.user_id || '/' || old.id || '.zip') on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_export_removal() is 'Trigger: an archive goes with its row.';

create trigger queue_file_removal after delete on private.account_exports
  for each row execute function private.queue_export_removal();

-- The one list of where personal data is. A test compares it with the columns that there are, so that a table that is
-- added later is in it or fails the test.
create table private.personal_data (
  source text primary key check (source ~ '^[a-z_]{1,60}$'),
  relation text not null unique,
  owned text not null,
  row_key text not null,
  secrets text[] not null default '{}',
  cascades boolean not null default true
);
comment on table private.personal_data is
  'Which rows are a person''s: what exportAccount gives and deleteAccount erases.';
comment on column private.personal_data.owned is 'The condition, in SQL, on a row `t`; $1 is the person''s id.';
comment on column private.personal_data.row_key is
  'An expression, in SQL, of text that is unique among a person''s rows.';
comment on column private.personal_data.secrets is 'Columns that open something, and so are in no archive.';
comment on column private.personal_data.cascades is 'Whether foreign keys erase it; the rest is erased by name.';

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  (
    'account', 'auth.users', 't.id = $1', 't.id::text',
    array[
      'encrypted_password', 'confirmation_token', 'recovery_token', 'email_change_token_new',
      'email_change_token_current', 'phone_change_token', 'reauthentication_token'
    ],
    true
  ),
  ('identities', 'auth.identities', 't.user_id = $1', 't.id::text', '{}', true),
  ('sign_ins', 'auth.sessions', 't.user_id = $1', 't.id::text', '{refresh_token_hmac_key}', true),
  ('profile', 'private.users', 't.id = $1', 't.id::text', '{}', true),
  ('projects', 'public.projects', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'project_images', 'public.project_images',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'project_videos', 'public.project_videos',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'project_tags', 'public.project_tags',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.tag', '{}', true
  ),
  (
    'project_technologies', 'public.project_technologies',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.technology', '{}', true
  ),
  (
    'social_metrics', 'public.social_metrics',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'metric_sources', 'private.metric_sources',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.platform', '{lease_id}',
    true
  ),
  ('layouts', 'public.layouts', 't.user_id = $1', 't.id::text', '{}', true),
  ('ai_sessions', 'public.ai_sessions', 't.user_id = $1', 't.id::text', '{}', true),
  ('design_usage', 'private.design_usage', 't.user_id = $1', 't.day::text', '{}', true),
  ('design_runs', 'private.design_runs', 't.user_id = $1', 't.session_id::text', '{}', false),
  ('subscriptions', 'public.subscriptions', 't.user_id = $1', 't.id::text', '{}', true),
  ('stripe_customer', 'private.stripe_customers', 't.user_id = $1', 't.user_id::text', '{}', true),
  (
    'stripe_events', 'private.stripe_events',
    'exists (select from unnest(private.stripe_ids($1)) as id where strpos(t.hint::text, id) > 0)', 't.id', '{}', false
  ),
  (
    'billing_findings', 'private.billing_findings',
    't.details ->> ''user_id'' = $1::text or t.subject = any (private.stripe_ids($1))', 't.kind || t.subject', '{}',
    false
  ),
  ('notifications', 'public.notifications', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'notification_events', 'private.notification_events',
    't.notification_id in (select id from public.notifications where user_id = $1)',
    't.notification_id || t.message_id || t.event || t.occurred_at', '{}', true
  ),
  ('notification_preferences', 'public.notification_preferences', 't.user_id = $1', 't.type', '{}', true),
  ('notification_suppressions', 'private.notification_suppressions', 't.user_id = $1', 't.email', '{}', true),
  ('qr_codes', 'private.qr_codes', 't.user_id = $1', 't.name', '{}', true),
  ('media_uploads', 'private.media_uploads', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_exports', 'private.account_exports', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_deletions', 'private.account_deletions', 't.user_id = $1', 't.id::text', '{}', false),
  (
    'file_removals', 'private.file_removals', 'starts_with(t.name, $1 || ''/'')',
    't.bucket_id || ''/'' || t.name', '{}', false
  ),
  ('files', 'storage.objects', 'starts_with(t.name, $1 || ''/'')', 't.bucket_id || ''/'' || t.name', '{}', false);

-- One page of a person's rows, in the order of their keys.
create function public.export_account_rows(user_id uuid, source text, after text, batch int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  wanted private.personal_data;
  page jsonb;
begin
  select * into wanted from private.personal_data as known where known.source = export_account_rows.source;
  if to_regclass(wanted.relation) is null then
    return '{"rows": [], "next": null}';
  end if;
  execute format(
    'select jsonb_build_object(
       ''rows'', coalesce(jsonb_agg(page.content order by page.key), ''[]''),
       ''next'', case when count(*) = $3 then max(page.key) end
     )
     from (
       select to_jsonb(t) - $4 as content, (%2$s) collate "C" as key from %1$s as t
       where (%3$s) and ((%2$s) collate "C" > $2 or $2 is null) order by key limit $3
     ) as page',
    wanted.relation, wanted.row_key, wanted.owned
  ) into page using user_id, after, batch, wanted.secrets;
  return page;
end
$$;
comment on function public.export_account_rows(uuid, text, text, int) is
  'A page of a person''s rows of one source: {"rows", "next"}; `next` is null on the last page.';

create function public.list_export_sources() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_agg(known.source order by known.source) from private.personal_data as known
$$;
comment on function public.list_export_sources() is 'The sources of an archive.';

-- One at a time; what was made before makes room. One that never finished counts for an hour.
create function public.begin_account_export(user_id uuid, lifetime_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as person where person.id = $1 for no key update;
  if exists (
    select from private.account_exports as running
    where running.user_id = $1 and running.finished_at is null and running.started_at > now() - interval '1 hour'
  ) then
    return '{"reason": "export_in_progress"}';
  end if;
  delete from private.account_exports as earlier where earlier.user_id = $1;
  insert into private.account_exports (user_id, expires_at)
  select person.id, now() + make_interval(secs => lifetime_seconds) from private.users as person where person.id = $1
  returning * into made;
  return to_jsonb(made);
end
$$;
comment on function public.begin_account_export(uuid, int) is 'Makes room for an archive, and says which.';

create function public.finish_account_export(export_id uuid, size bigint, payload jsonb) returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  person uuid;
begin
  update private.account_exports as made set finished_at = now(), size = $2 where made.id = $1
  returning made.user_id into person;
  perform private.queue_notification(person, 'data_export_ready', $1::text, payload);
end
$$;
comment on function public.finish_account_export(uuid, bigint, jsonb) is 'An archive is complete: its person is told.';

create function public.drop_account_exports(export_id uuid default null) returns void
language sql security definer set search_path = '' as $$
  delete from private.account_exports as made
  where made.id = export_id or (export_id is null and made.expires_at < now())
$$;
comment on function public.drop_account_exports(uuid) is 'Drops an archive, or all that have run out; their files go.';

-- Handlers only, and they through functions.
alter table private.account_exports enable row level security;

create policy "nobody through the API" on private.account_exports for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_exports from anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.personal_data enable row level security;

create policy "nobody through the API" on private.personal_data for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.personal_data from anon, authenticated, service_role;

revoke all on function private.queue_export_removal() from public, anon, authenticated, service_role;
revoke all on function public.export_account_rows(uuid, text, text, int) from public, anon, authenticated, service_role;
revoke all on function public.list_export_sources() from public, anon, authenticated, service_role;
revoke all on function public.begin_account_export(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports(uuid) from public, anon, authenticated, service_role;
grant execute on function public.export_account_rows(uuid, text, text, int) to service_role;
grant execute on function public.list_export_sources() to service_role;
grant execute on function public.begin_account_export(uuid, int) to service_role;
grant execute on function public.finish_account_export(uuid, bigint, jsonb) to service_role;
grant execute on function public.drop_account_exports(uuid) to service_role;

-- Leaving: a request that is remembered until nothing is left but its receipt.

create table private.account_deletions (
  id uuid primary key default gen_random_uuid(),
  -- No foreign key: it outlives the person, and forgets who it was in the end.
  user_id uuid unique,
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'done', 'canceled')),
  step text not null default 'billing' check (step in ('billing', 'files', 'notice', 'account', 'rest')),
  step_since timestamptz not null default now(),
  stripe_ids text[] not null default '{}',
  due_at timestamptz not null,
  next_attempt_at timestamptz not null default now(),
  attempts int not null default 0 check (attempts >= 0),
  last_error text check (char_length(last_error) <= 100),
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint account_deletions_receipt_check check (
    (status in ('done', 'canceled')) = (user_id is null) and (user_id is not null or stripe_ids = '{}')
  )
);
comment on table private.account_deletions is
  'Deletions of accounts; the id is the receipt. Anonymous once it is over.';
comment on column private.account_deletions.stripe_ids is 'What the person is called at Stripe, to erase traces by.';

create index account_deletions_next_attempt_at_idx on private.account_deletions (next_attempt_at)
  where status in ('scheduled', 'running');

-- What a person is called at Stripe, now and when they asked to leave.
create function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = '' as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
    union
    select customer.customer_id from private.stripe_customers as customer
    where customer.user_id = $1 and customer.customer_id is not null
    union
    select unnest(deletion.stripe_ids) from private.account_deletions as deletion where deletion.user_id = $1
    union
    select $1::text
  )
$$;
comment on function private.stripe_ids(uuid) is 'The ids by which Stripe''s events name a person.';

create function private.deletion_receipt(deletion private.account_deletions) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(deletion) - '{user_id,stripe_ids}'::text[]
$$;
comment on function private.deletion_receipt(private.account_deletions) is 'What the holder of a receipt may know.';

-- Asking twice is asking once.
create function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  if not exists (select from private.users as person where person.id = $1 and person.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$$;
comment on function public.request_account_deletion(uuid, text, int, int) is
  'Remembers that a person leaves; {"reason"} where they did not type their name or did not sign in just now.';

-- Only before it has begun.
create function public.cancel_account_deletion(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  update private.account_deletions as asked
  set status = 'canceled', user_id = null, stripe_ids = '{}', finished_at = now()
  where asked.user_id = $1 and asked.status = 'scheduled' and asked.due_at > now()
  returning * into deletion;
  return case when deletion.id is not null then private.deletion_receipt(deletion) end;
end
$$;
comment on function public.cancel_account_deletion(uuid) is
  'Takes a request back while its grace lasts; null where it is late.';

create function public.get_account_deletion(receipt_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select private.deletion_receipt(deletion) from private.account_deletions as deletion where deletion.id = $1
$$;
comment on function public.get_account_deletion(uuid) is 'How far a deletion is, for whoever holds its receipt.';

create function public.lease_account_deletions(batch int, lease_seconds int, receipt_id uuid default null) returns jsonb
language sql security definer set search_path = '' as $$
  with due as (
    select deletion.id from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
      and deletion.next_attempt_at <= now() and ($3 is null or deletion.id = $3)
    order by deletion.next_attempt_at limit batch for update skip locked
  ),
  taken as (
    update private.account_deletions as deletion set
      status = 'running', attempts = deletion.attempts + 1,
      next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where due.id = deletion.id
    returning deletion.id, deletion.user_id, deletion.step, deletion.step_since, deletion.attempts
  )
  select coalesce(jsonb_agg(to_jsonb(taken)), '[]') from taken
$$;
comment on function public.lease_account_deletions(int, int, uuid) is 'Takes deletions (or one) that are to go on now.';

-- A step is done, or waits with a reason. Nothing else is mailed to somebody who is told good-bye.
create function public.record_account_deletion(receipt_id uuid, step text, error text, wait_seconds int) returns void
language sql security definer set search_path = '' as $$
  update public.notifications as notification set status = 'suppressed', error = 'account_deleted'
  where $2 = 'notice' and notification.status = 'queued' and notification.type <> 'account_deleted'
    and notification.user_id = (select asked.user_id from private.account_deletions as asked where asked.id = $1);
  update private.account_deletions as deletion set
    step = $2, last_error = $3,
    step_since = case when deletion.step = $2 then deletion.step_since else now() end,
    next_attempt_at = case when $4 is null then deletion.next_attempt_at else now() + make_interval(secs => $4) end
  where deletion.id = $1 and deletion.status = 'running';
$$;
comment on function public.record_account_deletion(uuid, text, text, int) is 'How far a deletion is, and why it waits.';

create function public.list_account_files(user_id uuid, after text, batch int) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(found) order by found.key), '[]') from (
    select object.bucket_id, object.name, (object.metadata ->> 'size')::bigint as size,
      (object.bucket_id || '/' || object.name) collate "C" as key
    from storage.objects as object
    where starts_with(object.name, $1 || '/')
      and ($2 is null or (object.bucket_id || '/' || object.name) collate "C" > $2)
    order by key limit batch
  ) as found
$$;
comment on function public.list_account_files(uuid, text, int) is 'A page of a person''s files, in every bucket.';

-- One transaction, by way of Auth's own table: hosted and local alike, and not without the request. What no foreign key
-- reaches is erased first, while the rows that tell whose it is are there.
create function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  person uuid;
  erased private.personal_data;
begin
  select deletion.user_id into person from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if person is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  for erased in
    select * from private.personal_data as known
    where not known.cascades and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    )
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using person;
  end loop;
  delete from auth.users as account where account.id = person;
end
$$;
comment on function public.delete_account(uuid) is 'Deletes the person behind a deletion that has come this far.';

create function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = '' as $$
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.hint::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
comment on function public.finish_account_deletion(uuid) is 'Leaves nothing but the receipt.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountDeletions', '*/5 * * * *', 'continueAccountDeletions');

-- Handlers only, and they through functions.
alter table private.account_deletions enable row level security;

create policy "nobody through the API" on private.account_deletions for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_deletions from anon, authenticated, service_role;

revoke all on function private.stripe_ids(uuid) from public, anon, authenticated, service_role;
revoke all on function private.deletion_receipt(private.account_deletions)
  from public, anon, authenticated, service_role;
revoke all on function public.request_account_deletion(uuid, text, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.cancel_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.get_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_deletions(int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_deletion(uuid, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_account_files(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.delete_account(uuid) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_deletion(uuid) from public, anon, authenticated, service_role;
grant execute on function public.request_account_deletion(uuid, text, int, int) to service_role;
grant execute on function public.cancel_account_deletion(uuid) to service_role;
grant execute on function public.get_account_deletion(uuid) to service_role;
grant execute on function public.lease_account_deletions(int, int, uuid) to service_role;
grant execute on function public.record_account_deletion(uuid, text, text, int) to service_role;
grant execute on function public.list_account_files(uuid, text, int) to service_role;
grant execute on function public.delete_account(uuid) to service_role;
grant execute on function public.finish_account_deletion(uuid) to service_role;

-- 20261122210000_create_monitoring
-- Runs of scheduled jobs leave a trace, and the state of the system can be asked for.

alter table private.cron_jobs add column since timestamptz not null default now();
comment on column private.cron_jobs.since is 'From then on its runs are waited for.';

drop function private.call_function(text, jsonb);

-- The key is read from the Vault at each call, and so stands in no job's text. Waits as long as Supabase lets a function
-- work: with pg_net's own few seconds, longer work would be cut off. Bound late: a database without pg_net and Vault
-- takes this too.
create function private.call_function(path text, body jsonb default '{}', job text default null) returns bigint
language plpgsql set search_path = '' as $$
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
revoke all on function private.call_function(text, jsonb, text) from public;

-- Makes pg_cron's jobs what the schedule says, however often it is run. Only jobs of this prefix are ours.
create or replace function private.apply_cron_jobs() returns void
language plpgsql set search_path = '' as $$
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

select private.apply_cron_jobs();

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
language plpgsql security definer set search_path = '' as $$
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
language sql security definer set search_path = '' as $$
  update private.job_runs as run set
    finished_at = now(), outcome = finish_job_run.outcome, counts = finish_job_run.counts,
    error_code = left(finish_job_run.error_code, 64)
  where run.id = run_id and run.finished_at is null
$$;
comment on function public.finish_job_run(uuid, text, jsonb, text) is 'Notes what became of a run.';

-- Above what any platform lets a function work.
create function private.longest_job_run() returns interval
language sql immutable set search_path = '' as $$
  select interval '15 minutes'
$$;
comment on function private.longest_job_run() is 'After so long a run that has not finished is lost.';

-- The longest time between two calls of a schedule, rather too long than too short: lists and ranges count as the next unit.
create function private.cron_period(schedule text) returns interval
language sql immutable set search_path = '' as $$
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
language sql stable set search_path = '' as $$
  select coalesce(round(extract(epoch from now() - moment) / 60), 0)
$$;
comment on function private.minutes_since(timestamptz) is 'Minutes since then; 0 where there is no such moment.';

-- Of the newest three runs that ended, all failed: that does not pass by itself.
create function private.state_of_jobs() returns table (subject text, minutes numeric, verdict text, detail text)
language sql stable security definer set search_path = '' as $$
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

-- How the whole system is, in one question: what waits, what failed, what is spent, which jobs ran.

-- The thresholds, all of them. A change takes effect at once, without a deployment.
create table private.state_limits (
  item text primary key check (char_length(item) between 1 and 40),
  warn numeric not null,
  alert numeric not null check (alert >= warn),
  unit text not null check (char_length(unit) between 1 and 20)
);
comment on table private.state_limits is 'From which value on an item of the state is a warning, and an alert.';

insert into private.state_limits (item, warn, alert, unit) values
  ('due_sources', 60, 360, 'minutes'), -- since the oldest is due: refreshSocialMetrics comes every five
  ('stripe_events', 10, 70, 'minutes'), -- since the oldest came; reconcileSubscriptions tries again every hour
  ('billing_findings', 1, 20, 'open'),
  ('mail_queued', 10, 60, 'minutes'), -- since the oldest is due: dispatchNotifications comes every minute
  ('mail_failed', 1, 25, 'in a day'),
  ('mail_suppressed', 50, 500, 'in a day'), -- bounced, unsubscribed, without an address
  ('account_deletions', 60, 1440, 'minutes'), -- since the oldest is due
  ('file_removals', 120, 1440, 'minutes'), -- since the oldest is queued
  ('design_budget', 80, 100, '% spent'),
  ('x_reads', 80, 100, '% spent');

-- A platform's credentials that are not to be used now. A refused one needs somebody, the rest passes.
create function private.state_of_platforms()
returns table (item text, subject text, value numeric, verdict text, detail text)
language sql stable security definer set search_path = '' as $$
  select line.* from unnest(array['github', 'linkedin', 'twitter']) as platform (name)
  cross join lateral (
    select count(*) as number, min(source.due_at) as oldest from private.metric_sources as source
    where source.platform = platform.name and source.state <> 'paused' and source.due_at <= now()
  ) as due
  cross join lateral (
    select count(*) filter (where budget.not_before > now()) as blocked, count(*) as known,
      bool_or(budget.reason like 'rejected%') filter (where budget.not_before > now()) as rejected,
      bool_or(budget.reason = 'unavailable') filter (where budget.not_before > now()) as unavailable,
      string_agg(
        format('%s (%s) until %s', budget.reason, budget.credential,
          to_char(budget.not_before at time zone 'utc', 'MM-DD HH24:MI "UTC"')), '; ' order by budget.credential
      ) filter (where budget.not_before > now()) as reasons
    from private.metric_budgets as budget where budget.platform = platform.name
  ) as credentials
  cross join lateral (
    values
      (
        'due_sources', platform.name, private.minutes_since(due.oldest),
        case when due.number > 0 and credentials.known = 0 then 'warn' end,
        format('%s due', due.number)
          || case when due.number > 0 and credentials.known = 0 then ', nobody asked yet: is it set up?' else '' end
      ),
      (
        'platform_blocked', platform.name, credentials.blocked::numeric,
        case when credentials.rejected then 'alert' when credentials.unavailable then 'warn' else 'ok' end,
        coalesce(credentials.reasons, '')
      )
  ) as line (item, subject, value, verdict, detail)
$$;
comment on function private.state_of_platforms() is 'What each platform is still to be asked, and which credentials rest.';

-- What the functions' settings limit is told by whoever asks, since only they know it. Definer, since most of these tables
-- are nobody's through the API.
create function public.get_system_state(design_budget numeric default null, x_posts_a_month int default null)
returns jsonb
language sql stable security definer set search_path = '' as $$
  with facts (item, subject, value, verdict, detail) as (
    select * from private.state_of_platforms()
    union all
    select 'stripe_events', '', private.minutes_since(min(event.received_at)), null,
      format('%s unprocessed', count(*))
        || coalesce(', ' || left((array_agg(event.error order by event.attempted_at desc nulls last))[1], 100), '')
    from private.stripe_events as event where event.processed_at is null
    union all
    select 'billing_findings', '', coalesce(sum(open.number), 0),
      case when bool_or(open.kind = 'charge_disputed') then 'alert' end,
      coalesce(string_agg(format('%s %s', open.number, open.kind), ', ' order by open.kind), '')
    from (
      select finding.kind, count(*) as number from private.billing_findings as finding
      where finding.resolved_at is null group by finding.kind
    ) as open
    union all
    select 'mail_queued', '', private.minutes_since(min(mail.next_attempt_at)), null, format('%s due', count(*))
    from public.notifications as mail where mail.status in ('queued', 'sending') and mail.next_attempt_at <= now()
    union all
    select case mail.status when 'failed' then 'mail_failed' else 'mail_suppressed' end, '', count(*), null, ''
    from public.notifications as mail
    where mail.status in ('failed', 'bounced', 'suppressed') and mail.next_attempt_at > now() - interval '1 day'
    group by 1
    union all
    select 'account_deletions', '', private.minutes_since(min(deletion.due_at)), null,
      format('%s waiting', count(*))
        || coalesce(': ' || string_agg(distinct deletion.last_error, ', '), '')
    from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
    union all
    select 'file_removals', '', private.minutes_since(min(removal.created_at)), null,
      format('%s queued', count(*)) || coalesce(': ' || string_agg(distinct removal.last_error, ', '), '')
    from private.file_removals as removal
    union all
    select 'design_budget', '', round(100 * spent.dollars / nullif(design_budget, 0)), null,
      format('$%s of $%s this month', round(spent.dollars, 2), coalesce(design_budget::text, '?'))
    from (
      select (coalesce((
        select book.spent_micros from private.design_spending as book
        where book.month = date_trunc('month', now() at time zone 'utc')::date
      ), 0) + coalesce(sum(run.reserved_micros), 0)) / 1000000.0 as dollars from private.design_runs as run
    ) as spent
    union all
    select 'x_reads', '', round(100.0 * spent.posts / nullif(x_posts_a_month, 0)), null,
      format('%s of %s posts this month', spent.posts, coalesce(x_posts_a_month::text, '?'))
    from (
      select coalesce(sum(budget.units), 0) as posts from private.metric_budgets as budget
      where budget.platform = 'twitter' and budget.month = date_trunc('month', now() at time zone 'utc')::date
    ) as spent
    union all
    select 'job', job.subject, job.minutes, job.verdict, job.detail from private.state_of_jobs() as job
  )
  select jsonb_agg(
    jsonb_build_object(
      'item', fact.item, 'subject', fact.subject, 'value', fact.value, 'unit', coalesce(known.unit, fallback.unit),
      'verdict', case
        when fact.verdict = 'alert' or fact.value >= known.alert then 'alert'
        when fact.verdict = 'warn' or fact.value >= known.warn then 'warn'
        else 'ok'
      end,
      'detail', fact.detail
    ) order by fact.item, fact.subject
  )
  from facts as fact
  left join private.state_limits as known on known.item = fact.item
  cross join lateral (
    select case fact.item when 'job' then 'minutes ago' else 'resting' end as unit
  ) as fallback
$$;
comment on function public.get_system_state(numeric, int) is
  'Each thing that an operator looks at, with its verdict: ok, warn or alert. For the monthly budgets: in US dollars, in posts.';

-- Once a token is mended nobody need wait for the rest of its day.
create function public.resume_platform(platform text) returns int
language sql set search_path = '' as $$
  update private.metric_sources as source set blocked_until = null, due_at = least(source.due_at, now())
  where source.platform = $1 and source.blocked_until > now() and source.last_error not in ('gone', 'forbidden');
  with resumed as (
    update private.metric_budgets as budget set not_before = null, reason = null, failures = 0
    where budget.platform = $1 and budget.not_before is not null returning 1
  )
  select count(*)::int from resumed
$$;
comment on function public.resume_platform(text) is 'Has a platform asked again at once; how many of its credentials rested.';

-- What did not arrive lately, out of a log that grows.
create index notifications_undelivered_idx on public.notifications (next_attempt_at)
  where status in ('failed', 'bounced', 'suppressed');

-- Somebody has to hear of it: it looks, and reports what is not as it should be.
insert into private.cron_jobs (name, schedule, path) values ('watchSystem', '*/5 * * * *', 'watchSystem');

-- The thresholds are the operators', in SQL; what became of them is told to services alone.
alter table private.state_limits enable row level security;

create policy "nobody through the API" on private.state_limits for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.state_limits from anon, authenticated, service_role;

revoke all on function private.state_of_platforms() from public;
revoke all on function public.get_system_state(numeric, int) from public, anon, authenticated;
grant execute on function public.get_system_state(numeric, int) to service_role;
revoke all on function public.resume_platform(text) from public, anon, authenticated;
grant execute on function public.resume_platform(text) to service_role;

-- 20261122220000_close_media
-- What everybody sees is looked at first, nothing outlives its person, and an order has no gaps.

-- Into public buckets only handlers write: a file that confirmUpload has not seen could be anything. The profile is asked
-- for because a token outlives its person for a while.
alter policy "people add files to their own folder" on storage.objects
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
alter policy "people replace their own files" on storage.objects
  using (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );

-- Whoever changes an order holds the project's row first, so that two never number the same rows, and then every image
-- or video of it. Who deletes one holds that one already: holding them all, one has waited for whoever deletes, and what
-- they deleted is not among them.
create function private.hold_media(kind text, project_id uuid) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  held uuid[];
begin
  execute format(
    'select array_agg(held.id order by held.position, held.id)
     from (select id, position from public.%1$I where project_id = $1 for update) as held',
    'project_' || $1 || 's'
  ) into held using $2;
  return coalesce(held, '{}');
end
$$;
comment on function private.hold_media(text, uuid) is
  'The images or videos of a project in their order, all locked for the caller.';

create function private.place_media(kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  execute format(
    'update public.%1$I as medium set position = wanted.place - 1
     from unnest($1) with ordinality as wanted (id, place)
     where medium.id = wanted.id and medium.position <> wanted.place - 1',
    'project_' || $1 || 's'
  ) using $2;
end
$$;
comment on function private.place_media(text, uuid[]) is 'Numbers images or videos from 0, in the given order.';

-- Who deletes holds the deleted row already: it must not wait for the project, whose holder may wait for that row.
-- Where somebody else holds the project, they number what is left: they wait for this deletion first.
create or replace function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project uuid;
begin
  for project in select distinct removed.project_id from removed loop
    perform from public.projects where projects.id = project for no key update skip locked;
    if found then
      perform private.place_media(kind, private.hold_media(kind, project));
    end if;
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

-- The whole order at once: who saw another list than there is now is told so, and nothing is lost between two callers.
create or replace function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.hold_media(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;

-- Project first, then the upload, as everywhere: callers wait in one order. Confirming twice is confirming once.
create or replace function public.confirm_media_upload(user_id uuid, upload_id uuid, url text, limits jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

drop function private.number_media(text, uuid);

-- Whoever reorders holds and places with their own rights, under row-level security.
revoke all on function private.hold_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.place_media(text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function private.hold_media(text, uuid) to authenticated;
grant execute on function private.place_media(text, uuid[]) to authenticated;

-- 20261122220100_export_in_parts
-- Archives in parts, of which each is a file that is there or not: a large one is no longer one long request, and whoever
-- dies while making a part leaves no trace.

-- Private: in by exportAccount, out by signed addresses that run out. Room for a part and one file more.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('account-exports', 'account-exports', false, 256 * 1024 * 1024, array['application/zip'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

-- One that was being made in one piece begins again when it is asked for again.
delete from private.account_exports where finished_at is null;
alter table private.account_exports
  add column parts jsonb not null default '[]' check (jsonb_typeof(parts) = 'array'),
  add column place jsonb not null default '{"kind": "rows"}' check (place ->> 'kind' in ('rows', 'files', 'end')),
  add column lease int not null default 0 check (lease >= 0),
  add column failures int not null default 0 check (failures >= 0),
  add column next_attempt_at timestamptz not null default now(),
  add column last_error text check (char_length(last_error) <= 100);
update private.account_exports set
  parts = jsonb_build_array(jsonb_build_object('name', user_id || '/' || id || '.zip', 'size', size)),
  place = '{"kind": "end"}';
comment on table private.account_exports is
  'Archives of people''s data, made part by part; the files are account-exports/<user_id>/<id>/...';
comment on column private.account_exports.parts is 'The parts that are complete: [{"name", "size"}].';
comment on column private.account_exports.place is 'Where the next part begins.';
comment on column private.account_exports.lease is
  'How often it was taken; only who took it last adds a part, whatever became of the others.';

-- What may be gone on with now.
create index account_exports_next_attempt_at_idx on private.account_exports (next_attempt_at)
  where finished_at is null;

create or replace function private.queue_export_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  insert into private.file_removals (bucket_id, name)
  select 'account-exports', part ->> 'name' from jsonb_array_elements(old.parts) as part on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_export_removal() is 'Trigger: an archive''s files go with its row.';

drop function public.begin_account_export(uuid, int);
drop function public.finish_account_export(uuid, bigint, jsonb);
drop function public.drop_account_exports(uuid);

-- One at a time: who asks while one is being made, or right afterwards, asks for that one. What was made before makes
-- room.
create function public.begin_account_export(user_id uuid, lifetime_seconds int, again_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as person where person.id = $1 for no key update;
  if not found then
    return null;
  end if;
  select * into made from private.account_exports as latest
  where latest.user_id = $1 and latest.expires_at > now()
    and (latest.finished_at is null or latest.finished_at > now() - make_interval(secs => again_seconds));
  if made.id is null then
    delete from private.account_exports as earlier where earlier.user_id = $1;
    insert into private.account_exports (user_id, expires_at)
    values ($1, now() + make_interval(secs => lifetime_seconds)) returning * into made;
  end if;
  return to_jsonb(made);
end
$$;
comment on function public.begin_account_export(uuid, int, int) is
  'The archive that is being made for a person, or a new one; null where there is no such person.';

create function public.get_account_export(user_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select to_jsonb(made) from private.account_exports as made where made.user_id = $1 and made.expires_at > now()
$$;
comment on function public.get_account_export(uuid) is 'A person''s archive and how far it is; null where there is none.';

create function public.lease_account_export(lease_seconds int, export_id uuid default null) returns jsonb
language sql security definer set search_path = '' as $$
  with due as (
    select made.id from private.account_exports as made
    where made.finished_at is null and made.expires_at > now() and made.next_attempt_at <= now()
      and ($2 is null or made.id = $2)
    order by made.next_attempt_at limit 1 for update skip locked
  ),
  taken as (
    update private.account_exports as made set
      lease = made.lease + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where due.id = made.id
    returning made.*
  )
  select to_jsonb(taken) from taken
$$;
comment on function public.lease_account_export(int, uuid) is
  'Takes an archive (or this one) whose next part is to be made now; null where there is none.';

-- What somebody else has taken since is theirs: their parts may begin elsewhere.
create function public.record_account_export_part(
  export_id uuid, lease int, name text, size bigint, place jsonb
) returns boolean
language sql security definer set search_path = '' as $$
  with kept as (
    update private.account_exports as made set
      parts = made.parts || jsonb_build_object('name', $3, 'size', $4), place = $5,
      failures = 0, last_error = null, next_attempt_at = now()
    where made.id = $1 and made.lease = $2 and made.finished_at is null
    returning made.id
  )
  select exists (select from kept)
$$;
comment on function public.record_account_export_part(uuid, int, text, bigint, jsonb) is
  'Adds a part that is stored; false where the archive is gone or somebody else''s by now.';

create function public.delay_account_export(export_id uuid, lease int, error text, wait_seconds int) returns void
language sql security definer set search_path = '' as $$
  update private.account_exports as made set
    failures = made.failures + 1, last_error = $3, next_attempt_at = now() + make_interval(secs => $4)
  where made.id = $1 and made.lease = $2
$$;
comment on function public.delay_account_export(uuid, int, text, int) is 'Why an archive waits, and for how long.';

-- Once: its person is told once.
create function public.finish_account_export(export_id uuid, lifetime_seconds int, payload jsonb) returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  update private.account_exports as complete set
    finished_at = now(), expires_at = now() + make_interval(secs => lifetime_seconds),
    size = (select sum((part ->> 'size')::bigint) from jsonb_array_elements(complete.parts) as part)
  where complete.id = $1 and complete.finished_at is null and complete.place ->> 'kind' = 'end'
  returning * into made;
  if made.id is not null then
    perform private.queue_notification(
      made.user_id, 'data_export_ready', made.id::text,
      $3 || jsonb_build_object('size_bytes', made.size, 'expires_at', made.expires_at)
    );
  end if;
end
$$;
comment on function public.finish_account_export(uuid, int, jsonb) is
  'An archive is complete, and its links are good from now on: its person is told.';

create function public.drop_account_exports() returns void
language sql security definer set search_path = '' as $$
  delete from private.account_exports as made where made.expires_at < now()
$$;
comment on function public.drop_account_exports() is 'Drops archives that have run out; their files go.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountExports', '* * * * *', 'continueAccountExports');

-- Handlers only.
revoke all on function public.begin_account_export(uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function public.get_account_export(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_export(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_export_part(uuid, int, text, bigint, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.delay_account_export(uuid, int, text, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, int, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports() from public, anon, authenticated, service_role;
grant execute on function public.begin_account_export(uuid, int, int) to service_role;
grant execute on function public.get_account_export(uuid) to service_role;
grant execute on function public.lease_account_export(int, uuid) to service_role;
grant execute on function public.record_account_export_part(uuid, int, text, bigint, jsonb) to service_role;
grant execute on function public.delay_account_export(uuid, int, text, int) to service_role;
grant execute on function public.finish_account_export(uuid, int, jsonb) to service_role;
grant execute on function public.drop_account_exports() to service_role;

-- The nightly sweep looks for parts of no archive too.
create or replace function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.project_images as image
      where image.project_id = private.folder_id($2, 2) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.project_videos as video
      where video.project_id = private.folder_id($2, 2) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    when 'account-exports' then exists (
      select from private.account_exports as made
      where made.user_id = private.folder_id($2, 1)
        and (made.id = private.folder_id($2, 2) or made.parts @> jsonb_build_array(jsonb_build_object('name', $2)))
    )
    else false
  end
$$;

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that people once stored under names of their own are theirs to keep.
create or replace function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_name(image.url) as name from public.project_images as image
    union select private.media_file_name(video.url) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as person where person.id::text = split_part(object.name, '/', 1))
        or (
          object.bucket_id in ('uploads', 'qr-codes', 'account-exports')
          and not private.is_file_wanted(object.bucket_id, object.name)
        )
        or (
          object.bucket_id = 'project-media'
          and object.name ~ '^[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4}$'
          and not exists (select from shown where shown.name = object.name)
        )
      )
    on conflict do nothing
    returning name
  )
  select count(*) into orphans from queued;

  select coalesce(jsonb_agg(medium.id), '[]') into missing from (
    select image.id, private.media_file_name(image.url) as name from public.project_images as image
    union all
    select video.id, private.media_file_name(video.url) from public.project_videos as video
  ) as medium
  where medium.name is not null and not exists (
    select from storage.objects as object where object.bucket_id = 'project-media' and object.name = medium.name
  );
  return jsonb_build_object('expired', expired, 'orphans', orphans, 'missing', missing);
end
$$;

-- A project that is no longer published loses its codes; the rest is made again by the handler. What was taken goes to the
-- end of the line: one that cannot be made keeps nobody waiting.
create or replace function public.take_stale_qr_codes(batch int) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with stale as (
    select code.name, person.username from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username
    order by code.updated_at limit batch for update of code skip locked
  ),
  taken as (
    update private.qr_codes as code set updated_at = now() from stale where stale.name = code.name
    returning code.name, code.user_id, code.project_id, code.style, stale.username
  )
  select coalesce(jsonb_agg(to_jsonb(taken) || jsonb_build_object('logo', (
    select private.media_file_name(image.url) from public.project_images as image
    join public.projects as project on project.id = image.project_id
    where image.id = (taken.style ->> 'logo_image_id')::uuid and project.user_id = taken.user_id
      and starts_with(private.media_file_name(image.url), taken.user_id::text || '/')
  ))), '[]') from taken
$$;

-- 20261122230000_name_schema_for_graphql
-- What GraphQL (pg_graphql) makes of the tables: names as JavaScript has them, pages of 100 rows at most, and no listing of
-- the schema to whoever asks. Directives in the comments of tables and foreign keys name the rest; docs/graphql.md explains.
-- private.users is out of its sight: what refers to it is said to refer to the view public.users, which serves its rows.
comment on schema public is
  e'Showcase\nPeople, their projects, and what those earn on other platforms.\n'
  '@graphql({"inflect_names": true, "max_rows": 100, "introspection": false})';

comment on view public.users is
  e'Profiles. email and google_id are filled on one''s own row only.\n'
  '@graphql({"name": "User", "primary_key_columns": ["id"]})';
comment on table public.projects is
  e'A project of a person: everybody sees it once it is published.\n'
  '@graphql({"name": "Project", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "projects", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.project_images is
  e'Images of a project.\n'
  '@graphql({"name": "ProjectImage"})';
comment on constraint project_images_project_id_fkey on public.project_images is
  '@graphql({"local_name": "images", "foreign_name": "project"})';
comment on table public.project_videos is
  e'Videos of a project.\n'
  '@graphql({"name": "ProjectVideo"})';
comment on constraint project_videos_project_id_fkey on public.project_videos is
  '@graphql({"local_name": "videos", "foreign_name": "project"})';
comment on table public.project_tags is
  e'Tags of a project, each once.\n'
  '@graphql({"name": "ProjectTag"})';
comment on constraint project_tags_project_id_fkey on public.project_tags is
  '@graphql({"local_name": "tags", "foreign_name": "project"})';
comment on table public.project_technologies is
  e'Technologies of a project, each once.\n'
  '@graphql({"name": "ProjectTechnology"})';
comment on constraint project_technologies_project_id_fkey on public.project_technologies is
  '@graphql({"local_name": "technologies", "foreign_name": "project"})';
comment on table public.social_metrics is
  e'Daily snapshots of likes, stars and the like; written by handlers.\n'
  '@graphql({"name": "SocialMetric"})';
comment on constraint social_metrics_project_id_fkey on public.social_metrics is
  '@graphql({"local_name": "metrics", "foreign_name": "project"})';
comment on table public.templates is
  e'Designs that people start from: lists of drag-and-drop blocks.\n'
  '@graphql({"name": "Template", "totalCount": {"enabled": true}})';
comment on table public.layouts is
  e'Arrangements of blocks on a page: of a person, or of the catalogue.\n'
  '@graphql({"name": "Layout", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "layouts", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint layouts_template_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "template"})';
comment on constraint layouts_project_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "project"})';
comment on table public.ai_sessions is
  e'Requests to the design assistant; written by handlers.\n'
  '@graphql({"name": "AiSession", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "aiSessions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint ai_sessions_project_id_fkey on public.ai_sessions is
  '@graphql({"local_name": "aiSessions", "foreign_name": "project"})';
comment on table public.subscriptions is
  e'Stripe''s subscriptions; written by handlers.\n'
  '@graphql({"name": "PlanSubscription", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "subscriptions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, and the tier that it gives.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on table public.notifications is
  e'E-mails to people (welcome, renewal, ...): outbox and log; written by handlers.\n'
  '@graphql({"name": "Notification", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notifications", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on table public.notification_preferences is
  e'Which of the e-mails that may be declined a person wants; without a row, weekly_metrics is off and the rest is on.\n'
  '@graphql({"name": "NotificationPreferences", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notificationPreferences", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';

-- 20261122234000_heed_later_choices
-- An event of somebody who unsubscribed, told again after they changed their mind, undid what they had chosen since.
create or replace function public.record_notification_events(events jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  known uuid[];
  stored int;
begin
  select array_agg(notification.id) into known from (
    select locked.id from public.notifications as locked
    where locked.id in (select (event ->> 'notification_id')::uuid from jsonb_array_elements(events) as event)
    order by locked.id for update
  ) as notification;

  with told as (
    insert into private.notification_events (notification_id, message_id, event, occurred_at, verdict, reason)
    select event.notification_id, event.message_id, event.event, event.occurred_at, event.verdict, event.reason
    from jsonb_to_recordset(events) as event (
      notification_id uuid, message_id text, event text, occurred_at timestamptz, verdict text, reason text
    )
    where event.notification_id = any (known)
    on conflict do nothing
    returning 1
  )
  select count(*) into stored from told;

  update public.notifications as notification set
    status = gravest.verdict,
    error = case when gravest.verdict in ('bounced', 'failed', 'suppressed') then gravest.reason end,
    sent_at = least(notification.sent_at, gravest.first_at),
    provider_message_id = coalesce(notification.provider_message_id, nullif(gravest.message_id, ''))
  from (
    select distinct on (event.notification_id) event.*,
      min(event.occurred_at) over (partition by event.notification_id) as first_at
    from private.notification_events as event
    where event.notification_id = any (known) and event.verdict is not null
    order by event.notification_id,
      array_position(array['bounced', 'delivered', 'suppressed', 'failed', 'sent'], event.verdict),
      event.occurred_at, event.message_id
  ) as gravest
  where notification.id = gravest.notification_id;

  insert into private.notification_suppressions (email, user_id, reason)
  select lower(event.email), person.user_id, event.suppress
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, suppress text)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  where event.suppress is not null and event.email <> '' and person.user_id is not null
  on conflict do nothing;

  -- Who leaves through the mail service's own link leaves everything that may be declined. What they chose after that
  -- stands, also when the event is told again. Its time has no fractions of a second.
  perform public.set_notification_preference(person.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean, occurred_at timestamptz)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  cross join unnest(array['renewal_upcoming', 'weekly_metrics']) as declined (type)
  where event.unsubscribe and person.user_id is not null and not exists (
    select from public.notification_preferences as chosen
    where chosen.user_id = person.user_id and chosen.type = declined.type
      and date_trunc('second', chosen.updated_at) > event.occurred_at
  );

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$$;

-- 20261122235000_remember_deleted_people
-- Whom a restored backup must not bring back. A hash of a random id says nothing to anybody who has not the id.

create table private.deleted_people (
  person_hash text primary key check (person_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);
comment on table private.deleted_people is
  'Hashes of the ids of people who were deleted in the last 90 days, for as long as there are backups with them.';

create function private.person_hash(user_id uuid) returns text
language sql immutable set search_path = '' as $$
  select encode(sha256(user_id::text::bytea), 'hex')
$$;
comment on function private.person_hash(uuid) is 'What is remembered of a deleted person.';

create function private.remember_deleted_person() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.deleted_people (person_hash) values (private.person_hash(old.id)) on conflict do nothing;
  delete from private.deleted_people as gone where gone.deleted_at < now() - interval '90 days';
  return null;
end
$$;
comment on function private.remember_deleted_person() is 'Trigger: however a person was deleted.';

create trigger remember_deleted_person after delete on private.users
  for each row execute function private.remember_deleted_person();

-- By the ordinary way, so that Stripe and the stored files are seen to.
create function private.delete_people_again(hashes text[]) returns int
language sql set search_path = '' as $$
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select person.id, private.stripe_ids(person.id), now()
    from private.users as person where private.person_hash(person.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$$;
comment on function private.delete_people_again(text[]) is
  'After a restore: asks for the deletion of those who had been deleted since; how many there are.';

-- The database's owner alone.
alter table private.deleted_people enable row level security;

create policy "nobody through the API" on private.deleted_people for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.deleted_people from anon, authenticated, service_role;

revoke all on function private.person_hash(uuid) from public, anon, authenticated, service_role;
revoke all on function private.remember_deleted_person() from public, anon, authenticated, service_role;
revoke all on function private.delete_people_again(text[]) from public, anon, authenticated, service_role;

-- 20261122235100_share_x_reads
-- One person with thousands of links, or one who changed a link all day, could spend what everybody has at X in a month.
-- Each has a share of a day now; what is more waits until tomorrow, and nobody else waits behind it.

create table private.metric_shares (
  user_id uuid not null references private.users (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  day date not null,
  units int not null default 0 check (units >= 0),
  primary key (user_id, platform)
);
comment on table private.metric_shares is
  'What was asked about each person''s links of a platform that bills each post, however often they changed them.';
comment on column private.metric_shares.units is 'Posts asked about on `day` (UTC).';

-- The owners of these projects whose shares can be counted now; theirs are locked, in one order. Whoever is being deleted
-- is left out: with sources locked already, to wait for that could block both for good.
create function private.lock_metric_shares(platform text, projects uuid[]) returns uuid[]
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners constant uuid[] := array(
    select person.id from private.users as person
    where person.id in (select project.user_id from public.projects as project where project.id = any (projects))
    for key share skip locked
  );
begin
  insert into private.metric_shares as share (user_id, platform, day)
  select owner, lock_metric_shares.platform, (now() at time zone 'utc')::date
  from unnest(owners) as owner order by owner
  on conflict (user_id, platform) do update set day = excluded.day, units = 0 where share.day < excluded.day;
  return owners;
end
$$;
comment on function private.lock_metric_shares(text, uuid[]) is
  'Locks what was asked today for the owners of these projects; returns who they are.';

-- Those of these projects, in their order, that their owners have something left for today.
create function private.within_metric_shares(platform text, projects uuid[], units_a_person int) returns uuid[]
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  if units_a_person is null then
    return projects;
  end if;
  owners := private.lock_metric_shares(platform, projects);
  return array(
    select counted.id from (
      select project.id, asked.place,
        share.units + row_number() over (partition by project.user_id order by asked.place) as units
      from unnest(projects) with ordinality as asked (id, place)
      join public.projects as project on project.id = asked.id
      join private.metric_shares as share
        on share.user_id = project.user_id and share.platform = within_metric_shares.platform
      where project.user_id = any (owners)
    ) as counted
    where counted.units <= units_a_person order by counted.place
  );
end
$$;
comment on function private.within_metric_shares(text, uuid[], int) is
  'Those of these projects that may still be asked about today, in their order; all where there is no limit.';

create function private.count_metric_shares(platform text, projects uuid[], units_each int) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  -- Where nobody has a share, nothing is counted.
  if not exists (
    select from public.projects as project
    join private.metric_shares as share
      on share.user_id = project.user_id and share.platform = count_metric_shares.platform
    where project.id = any (projects)
  ) then
    return;
  end if;
  owners := private.lock_metric_shares(platform, projects);
  update private.metric_shares as share set units = greatest(0, share.units + units_each * asked.number)
  from (
    select project.user_id, count(*)::int as number from public.projects as project
    where project.id = any (projects) and project.user_id = any (owners) group by project.user_id
  ) as asked
  where share.platform = count_metric_shares.platform and share.user_id = asked.user_id;
end
$$;
comment on function private.count_metric_shares(text, uuid[], int) is
  'Adds to what was asked today for the owners of these projects, or gives it back.';

alter table private.metric_shares enable row level security;

create policy "handlers count the shares" on private.metric_shares for all to service_role
  using (true) with check (true);

revoke all on table private.metric_shares from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_shares to service_role;

revoke all on function private.lock_metric_shares(text, uuid[]) from public;
revoke all on function private.within_metric_shares(text, uuid[], int) from public;
revoke all on function private.count_metric_shares(text, uuid[], int) from public;
grant execute on function private.lock_metric_shares(text, uuid[]) to service_role;
grant execute on function private.within_metric_shares(text, uuid[], int) to service_role;
grant execute on function private.count_metric_shares(text, uuid[], int) to service_role;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  ('metric_shares', 'private.metric_shares', 't.user_id = $1', 't.platform', '{}', true);

drop function public.lease_metric_sources(text, text[], int, int, int, int);

create function public.lease_metric_sources(
  platform text, credentials text[], sources int, batch int, lease_seconds int, units_a_month int default null,
  units_a_person int default null
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  due uuid[];
  fitting uuid[];
  budget record;
  put_off int;
  lease constant uuid := gen_random_uuid();
  leased jsonb := '[]';
begin
  select array_agg(candidate.project_id) into due from (
    select source.project_id from private.metric_sources as source
    where source.platform = lease_metric_sources.platform and source.state <> 'paused' and source.due_at <= now()
    order by source.due_at limit sources
    for update skip locked
  ) as candidate;
  if due is null then
    return jsonb_build_object('sources', '[]'::jsonb);
  end if;

  fitting := private.within_metric_shares(platform, due, units_a_person);
  if fitting <> '{}' then
    select * into budget from private.take_metric_budget(
      platform, credentials, ceil(cardinality(fitting)::numeric / batch)::int, cardinality(fitting), units_a_month
    );
    if budget.credential is null then
      return jsonb_build_object('sources', '[]'::jsonb, 'not_before', budget.not_before, 'reason', budget.reason);
    end if;
  end if;

  update private.metric_sources as source set
    due_at = ((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc' + random() * interval '1 second'
  where source.platform = lease_metric_sources.platform
    and source.project_id = any (due) and source.project_id <> all (fitting);
  get diagnostics put_off = row_count;
  if fitting = '{}' then
    return jsonb_build_object('sources', leased, 'put_off', put_off);
  end if;

  fitting := fitting[:budget.granted];
  if units_a_person is not null then
    perform private.count_metric_shares(platform, fitting, 1);
  end if;
  with taken as (
    update private.metric_sources as source set
      lease_id = lease,
      leased_until = now() + make_interval(secs => lease_seconds),
      due_at = now() + make_interval(secs => lease_seconds)
    where source.platform = lease_metric_sources.platform and source.project_id = any (fitting)
    returning source.project_id, source.reference, source.platform_id
  )
  select jsonb_agg(jsonb_build_object(
    'project_id', taken.project_id, 'reference', taken.reference, 'platform_id', taken.platform_id
  )) into leased from taken;
  return jsonb_build_object(
    'lease_id', lease, 'credential', budget.credential, 'sources', leased, 'put_off', put_off
  );
end
$$;
comment on function public.lease_metric_sources(text, text[], int, int, int, int, int) is
  'Due sources, the lease on them and the credential to ask with; no sources and the reason where none may be asked.';

revoke all on function public.lease_metric_sources(text, text[], int, int, int, int, int)
  from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int, int) to service_role;

create or replace function public.claim_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  claims jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = claim_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = claim_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      claims := claims || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_shares(
      asked.key, array[source.project_id], (asked.value ->> 'units_a_person')::int
    ) = '{}' then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.take_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_shares(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      claims := claims || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return claims;
end
$$;

create or replace function public.record_metrics(platform text, lease_id uuid, credential text, results jsonb, usage jsonb)
returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  summary jsonb;
  returned uuid[];
begin
  if exists (
    select from jsonb_array_elements(results) as result
    where coalesce(result ->> 'failure', result ->> 'likes', result ->> 'stars') is null
  ) then
    raise exception using errcode = 'invalid_parameter_value', message = 'an answer without numbers is no answer';
  end if;

  -- Everybody locks projects before sources before shares before budgets, so that none can block each other for good. By
  -- an array: the planner cannot tell how long a JSON list is, and would rather read all projects.
  perform from public.projects as project
  where project.id = any (array(select (result ->> 'project_id')::uuid from jsonb_array_elements(results) as result))
  order by project.id for key share;

  with answer as materialized (
    select source.platform, source.state, source.attempts, source.last_error, result.*
    from jsonb_to_recordset(results) as result (
      project_id uuid, platform_id text, failure text,
      likes int, comments int, stars int, forks int, watchers int, retweets int, replies int
    )
    join private.metric_sources as source
      on source.project_id = result.project_id and source.platform = record_metrics.platform
      and source.lease_id = record_metrics.lease_id
    order by source.project_id
    for update of source
  ),
  snapshot as (
    insert into public.social_metrics as today
      (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, as_of)
    select
      answer.project_id, answer.platform, coalesce(answer.likes, 0), coalesce(answer.comments, 0),
      coalesce(answer.stars, 0), coalesce(answer.forks, 0), coalesce(answer.watchers, 0),
      coalesce(answer.retweets, 0), coalesce(answer.replies, 0), now()
    from answer where answer.failure is null
    on conflict (project_id, platform, recorded_at) do update set
      likes = excluded.likes, comments = excluded.comments, stars = excluded.stars, forks = excluded.forks,
      watchers = excluded.watchers, retweets = excluded.retweets, replies = excluded.replies, as_of = excluded.as_of
    where excluded.as_of >= today.as_of
  ),
  answered as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      platform_id = coalesce(answer.platform_id, source.platform_id),
      state = case when source.state = 'paused' then 'paused' else 'active' end,
      attempts = 0,
      last_error = null,
      due_at = private.next_metric_due(source.project_id, source.platform),
      blocked_until = null
    from answer
    where answer.failure is null and source.project_id = answer.project_id and source.platform = answer.platform
  ),
  failed as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      -- A lost id is looked for by name the next time.
      platform_id = case when answer.failure <> 'gone' then source.platform_id end,
      state = case when source.state = 'paused' then 'paused' else next.state end,
      attempts = next.attempts,
      last_error = next.error,
      due_at = next.due_at,
      blocked_until = case when answer.failure <> 'returned' then next.due_at end
    from answer cross join lateral private.next_metric_state(
      answer.failure, answer.state, answer.attempts, answer.last_error
    ) as next
    where answer.failure is not null and source.project_id = answer.project_id and source.platform = answer.platform
  )
  select jsonb_build_object(
    'as_of', now(),
    'recorded', count(*) filter (where answer.failure is null),
    'gone', count(*) filter (where answer.failure = 'gone'),
    'forbidden', count(*) filter (where answer.failure = 'forbidden'),
    'failed', count(*) filter (where answer.failure = 'unavailable'),
    'returned', count(*) filter (where answer.failure = 'returned')
  ), array_agg(answer.project_id) filter (where answer.failure = 'returned')
  into summary, returned from answer;

  if returned is not null then
    perform private.count_metric_shares(platform, returned, -1);
  end if;

  perform private.settle_metric_budget(platform, credential, usage);
  return summary;
end
$$;

-- 20261122235500_wait_in_turn
-- Nobody waits for each other over images, stored files are counted, codes follow the site, and Auth's own tables are
-- emptied of who left.

-- Whoever changes or deletes images or videos waits for their person's turn before anything else: then they wait for
-- nothing that somebody else has who waits for them, however many rows each of them touches. Nobody's turn is nothing.
create function private.take_media_turn(person uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('media of ' || person, 0))
$$;
comment on function private.take_media_turn(uuid) is
  'Waits until nobody else changes the media of a person, and keeps others waiting until the transaction ends.';

create function private.take_own_media_turn() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.take_media_turn(auth.uid());
  return null;
end
$$;
comment on function private.take_own_media_turn() is 'Trigger: the caller''s turn, before the first row is held.';

-- Not below another trigger, or a foreign key: there the rows above are held already.
create trigger a_turn before update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn before update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn before delete on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

revoke all on function private.take_media_turn(uuid) from public, anon, authenticated, service_role;
revoke all on function private.take_own_media_turn() from public, anon, authenticated, service_role;
grant execute on function private.take_media_turn(uuid) to authenticated;

create or replace function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
begin
  for project in
    select * from public.projects as known where known.id in (select removed.project_id from removed) order by known.id
  loop
    perform private.take_media_turn(project.user_id);
    perform private.place_media(kind, private.hold_media(kind, project.id));
  end loop;
  return null;
end
$$;

create or replace function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform private.take_media_turn(auth.uid());
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.hold_media(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;

-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create or replace function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.take_media_turn($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

-- People link to what they like elsewhere; a stored file's row comes from confirmUpload, which counts it. Otherwise who
-- deletes a row and puts it back, before its file has gone, has more files than places.
create function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- The caller's role: current_user is the owner of this function.
  if current_setting('role') in ('anon', 'authenticated') and private.media_file_name(new.url) is not null then
    raise exception 'Stored files are added by confirmUpload.' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
comment on function private.refuse_stored_file() is 'Trigger: people add no rows for stored files themselves.';

create trigger refuse_stored_file before insert on public.project_images
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();
create trigger refuse_stored_file before insert on public.project_videos
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();

revoke all on function private.refuse_stored_file() from public, anon, authenticated, service_role;

-- By default as before: functions of the last release call it too.
drop function public.take_stale_qr_codes(int);
create function public.take_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with stale as (
    select code.name, person.username from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', person.username),
      '{project_id}', coalesce(code.project_id::text, '')
    )
    order by code.updated_at limit batch for update of code skip locked
  ),
  taken as (
    update private.qr_codes as code set updated_at = now() from stale where stale.name = code.name
    returning code.name, code.user_id, code.project_id, code.style, stale.username
  )
  select coalesce(jsonb_agg(to_jsonb(taken) || jsonb_build_object('logo', (
    select private.media_file_name(image.url) from public.project_images as image
    join public.projects as project on project.id = image.project_id
    where image.id = (taken.style ->> 'logo_image_id')::uuid and project.user_id = taken.user_id
      and starts_with(private.media_file_name(image.url), taken.user_id::text || '/')
  ))), '[]') from taken
$$;
comment on function public.take_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';
revoke all on function public.take_stale_qr_codes(int, text, text) from public, anon, authenticated, service_role;
grant execute on function public.take_stale_qr_codes(int, text, text) to service_role;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  (
    'sign_in_renewals', 'auth.refresh_tokens',
    't.session_id in (select id from auth.sessions where user_id = $1)', 't.id::text', '{token,parent}', true
  ),
  -- Without a foreign key. The log names people in what it says; some entries are about one who did not act.
  (
    'sign_in_flows', 'auth.flow_state', 't.user_id = $1', 't.id::text',
    '{auth_code,code_challenge,provider_access_token,provider_refresh_token,invite_token}', false
  ),
  (
    'sign_in_log', 'auth.audit_log_entries', 'strpos(t.payload::text, $1::text) > 0', 't.id::text', '{}', false
  );

create or replace function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  person uuid;
  erased private.personal_data;
begin
  select deletion.user_id into person from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if person is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.take_media_turn(person);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    )
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using person;
  end loop;
  delete from auth.users as account where account.id = person;
end
$$;

-- Auth's own tables, which are the platform's to change: what it forbids, or what takes too long in a log of millions,
-- stays as long as the platform keeps it, and holds up nobody's deletion.
create function private.erase_from_auth(user_id uuid) returns void
language plpgsql set search_path = '' as $$
declare
  erased private.personal_data;
begin
  for erased in
    select * from private.personal_data as known where not known.cascades and starts_with(known.relation, 'auth.')
  loop
    begin
      execute format('delete from %s as t where %s', erased.relation, erased.owned) using user_id;
    exception
      when insufficient_privilege or undefined_table or undefined_column or lock_not_available or query_canceled then
        raise warning 'A person''s rows stay in %: %', erased.relation, sqlstate;
    end;
  end loop;
end
$$;
comment on function private.erase_from_auth(uuid) is
  'Deletes what no foreign key reaches in Auth''s tables, as far as that is allowed.';

revoke all on function private.erase_from_auth(uuid) from public, anon, authenticated, service_role;

create or replace function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = '' as $$
  select private.erase_from_auth(deletion.user_id) from private.account_deletions as deletion
  where deletion.id = $1 and deletion.user_id is not null;
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.hint::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;

-- 20261122235900_remember_all_deleted_people
-- The list must not shrink to those who had come back: the next restore needs all of it.

create or replace function private.delete_people_again(hashes text[]) returns int
language sql set search_path = '' as $$
  insert into private.deleted_people (person_hash) select unnest(hashes) on conflict do nothing;
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select person.id, private.stripe_ids(person.id), now()
    from private.users as person where private.person_hash(person.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$$;

-- 20261122235901_forget_old_links
-- Numbers of what a link named before, or of a link that is gone, are history: they were shown as the project's own.

alter table private.metric_sources add column since timestamptz;
comment on column private.metric_sources.since is
  'When the link was changed: older snapshots are of something else, and not the project''s numbers. Null: never.';

create or replace function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  schedule constant text := case when new.status = 'published' then 'active' else 'paused' end;
begin
  -- In the order in which a claim locks them, so that the two cannot block each other for good.
  perform from private.metric_sources as source where source.project_id = new.id order by source.platform for update;

  delete from private.metric_sources as source
  where source.project_id = new.id and case source.platform
    when 'github' then new.github_link
    when 'linkedin' then new.linkedin_link
    when 'twitter' then new.twitter_link
  end is null;

  insert into private.metric_sources as source (project_id, platform, reference, state, since)
  select new.id, linked.platform, private.metric_reference(linked.platform, linked.link), schedule,
    case tg_op when 'UPDATE' then clock_timestamp() end
  from (
    values ('github', new.github_link), ('linkedin', new.linkedin_link), ('twitter', new.twitter_link)
  ) as linked (platform, link)
  where linked.link is not null
  on conflict (project_id, platform) do update set
    reference = excluded.reference,
    platform_id = null,
    state = excluded.state,
    due_at = now(),
    lease_id = null,
    leased_until = null,
    blocked_until = null,
    attempts = 0,
    last_error = null,
    since = excluded.since
  where source.reference <> excluded.reference;

  update private.metric_sources as source set state = schedule
  where source.project_id = new.id and (source.state = 'paused') <> (schedule = 'paused');
  return null;
end
$$;

create function private.current_metrics(project_id uuid) returns setof public.social_metrics
language sql stable security definer set search_path = '' as $$
  select latest.*
  from private.metric_sources as source
  cross join lateral (
    select * from public.social_metrics as metric
    where metric.project_id = source.project_id and metric.platform = source.platform
    order by metric.recorded_at desc
    limit 1
  ) as latest
  where source.project_id = $1 and coalesce(latest.as_of >= source.since, true)
$$;
comment on function private.current_metrics(uuid) is 'The latest snapshot of each link of a project.';

revoke all on function private.current_metrics(uuid) from public;
grant execute on function private.current_metrics(uuid) to anon, authenticated, service_role;

create or replace function public.get_project_metrics(project_id uuid, history_days int default 0) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', project.id,
    'user_id', project.user_id,
    'title', project.title,
    'status', project.status,
    'github_link', project.github_link,
    'linkedin_link', project.linkedin_link,
    'twitter_link', project.twitter_link,
    'snapshots', coalesce(
      (
        select jsonb_agg(to_jsonb(latest) - 'id' - 'project_id' order by latest.platform)
        from private.current_metrics(project.id) as latest
      ),
      '[]'::jsonb
    ),
    'history', coalesce(
      (
        select jsonb_agg(to_jsonb(metric) - 'id' - 'project_id' order by metric.recorded_at, metric.platform)
        from public.social_metrics as metric
        where history_days > 0 and metric.project_id = project.id
          and metric.recorded_at > (now() at time zone 'utc')::date - history_days
      ),
      '[]'::jsonb
    )
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id
$$;

create or replace function public.claim_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  claims jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = claim_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = claim_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    if latest.as_of < source.since then
      latest := null;
    end if;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      claims := claims || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_shares(
      asked.key, array[source.project_id], (asked.value ->> 'units_a_person')::int
    ) = '{}' then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.take_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_shares(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      claims := claims || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return claims;
end
$$;

-- 20261122235910_append_media
-- A row that is added through the API gets the next position, and not 0 again.

drop trigger a_turn on public.project_images;
create trigger a_turn before insert or update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
drop trigger a_turn on public.project_videos;
create trigger a_turn before insert or update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

-- A new row comes last, whatever it says; one that is there (an upsert) keeps what is written. Whoever adds for somebody
-- else waits for the owner's turn here; a stranger waits for nobody, and the policies refuse the row.
create function private.append_medium() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  known boolean;
begin
  perform private.take_media_turn(project.user_id) from public.projects as project
  where project.id = new.project_id and project.user_id = coalesce(auth.uid(), project.user_id);
  execute format('select exists (select from public.%I where id = $1)', tg_table_name) into known using new.id;
  if not known then
    execute format('select coalesce(max(position) + 1, 0) from public.%I where project_id = $1', tg_table_name)
      into new.position using new.project_id;
  end if;
  return new;
end
$$;
comment on function private.append_medium() is 'Trigger: a new image or video comes last.';

create trigger append before insert on public.project_images for each row execute function private.append_medium();
create trigger append before insert on public.project_videos for each row execute function private.append_medium();

revoke all on function private.append_medium() from public, anon, authenticated, service_role;

-- 20261122235911_take_rows_back
-- Clients send rows back as they read them: the times among them are no reason to refuse the rest.

-- People send back the times that they read; handlers and the demo rows may say when something was made.
create function private.keep_created_at() returns trigger
language plpgsql set search_path = '' as $$
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
revoke all on function private.keep_created_at() from public;

create trigger touch_added before insert on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
revoke insert, update on table public.projects from authenticated; -- column by column
grant insert, update on table public.projects to authenticated;

create trigger touch_added before insert on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
revoke insert, update on table public.layouts from authenticated; -- column by column
grant insert, update on table public.layouts to authenticated;

create trigger touch_added before insert on public.notification_preferences
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
revoke insert, update on table public.notification_preferences from authenticated; -- column by column
grant insert, update on table public.notification_preferences to authenticated;

-- 20261122235912_keep_image_sizes
-- The size of an image stays known after its upload: a page leaves room for it, and confirming twice answers the same.

alter table public.project_images add column width int check (width > 0), add column height int check (height > 0);
comment on column public.project_images.width is 'Pixels, as it is shown; null for an image elsewhere.';
comment on column public.project_images.height is 'Pixels, as it is shown; null for an image elsewhere.';

-- confirmUpload has measured the image; what people send back is what they read.
create function private.keep_size() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and new.url = old.url then
    new.width := old.width;
    new.height := old.height;
  else
    new.width := null;
    new.height := null;
  end if;
  return new;
end
$$;
comment on function private.keep_size() is 'Trigger: an image has the size that confirmUpload measured, or none.';

create trigger keep_size before insert or update on public.project_images
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_size();
revoke all on function private.keep_size() from public;

drop function public.confirm_media_upload(uuid, uuid, text, jsonb);
-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.take_media_turn($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height)
    values (upload.project_id, $3, $5, $6) returning id into medium;
  else
    insert into public.project_videos (project_id, url) values (upload.project_id, $3) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int)
  from public, anon, authenticated, service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int) to service_role;

-- Uploaded images and videos can be sent back too, as they were read.
create or replace function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  known boolean;
begin
  -- The caller's role: current_user is the owner of this function.
  if current_setting('role') in ('anon', 'authenticated') and private.media_file_name(new.url) is not null then
    -- An upsert of what is there adds nothing.
    execute format('select exists (select from public.%I where id = $1 and url = $2)', tg_table_name)
      into known using new.id, new.url;
    if not known then
      raise exception 'Stored files are added by confirmUpload.' using errcode = 'insufficient_privilege';
    end if;
  end if;
  return new;
end
$$;

-- 20261122235913_reserve_usernames
-- Profiles are at the root of the site: a person called login or admin would stand where a page of ours is.

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

-- Definer, because no role of the API may read the list. Who has such a name already keeps it.
create function private.refuse_reserved_username() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', hint = 'Choose another username.';
  end if;
  return new;
end
$$;
comment on function private.refuse_reserved_username() is 'Trigger: nobody takes a reserved name.';

create trigger refuse_reserved_username before insert on private.users
  for each row execute function private.refuse_reserved_username();
create trigger refuse_reserved_rename before update on private.users
  for each row when (old.username is distinct from new.username) execute function private.refuse_reserved_username();

alter table private.reserved_usernames enable row level security;

create policy "nobody through the API" on private.reserved_usernames for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.reserved_usernames from anon, authenticated, service_role;

revoke all on function private.refuse_reserved_username() from public, anon, authenticated, service_role;

-- The first sign-in makes the profile. Whatever Google says about a person, this succeeds: a name that is taken or
-- reserved gets a number, an address that is missing, too long or another profile's is replaced by one that cannot
-- receive mail.
create or replace function private.create_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the person's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1)),
    private.slug(new.raw_user_meta_data ->> 'name'),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
  end if;
  loop
    insert into private.users (id, email, username, avatar_url, google_id)
    select
      new.id,
      case
        when char_length(address) <= 255 and not exists (select from private.users where email = address) then address
        else new.id || '@no-address.invalid'
      end,
      candidate,
      private.picture_from(new.raw_user_meta_data),
      left(subject, 255)
    where not exists (select from private.reserved_usernames as reserved where reserved.username = candidate)
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

-- 20261122235914_publish_one_layout
-- A project has one page: with two published layouts of it a visitor's front end could not tell which.

-- What was published last stays.
update public.layouts as layout set published = false
where layout.published and exists (
  select from public.layouts as later
  where later.project_id = layout.project_id and later.published
    and (later.updated_at, later.id) > (layout.updated_at, layout.id)
);

-- A project has one page: who publishes another layout of it takes the one before off, in the same request. Those who
-- publish at once do it one after the other, and the last one wins. Of several in one statement the first stays.
create function private.publish_one_layout() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('layouts of ' || new.project_id, 0));
  if exists (select from public.layouts as layout where layout.id = new.id and layout.published) then
    update public.layouts as other set published = false
    where other.project_id = new.project_id and other.published and other.id <> new.id;
  end if;
  return null;
end
$$;
comment on function private.publish_one_layout() is 'Trigger: the project''s other layouts are not published any more.';

create trigger publish_added after insert on public.layouts
  for each row when (new.published and new.project_id is not null) execute function private.publish_one_layout();
create trigger publish_changed after update on public.layouts
  for each row when (
    new.published and new.project_id is not null
    and (not old.published or old.project_id is distinct from new.project_id)
  ) execute function private.publish_one_layout();

revoke all on function private.publish_one_layout() from public, anon, authenticated, service_role;

-- 20261122235920_answer_a_leaving_person_again
-- Asking twice is asking once, also under a name that has changed since: whoever lost the answer gets it again.
create or replace function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  if found then
    return private.deletion_receipt(deletion);
  elsif not exists (select from private.users as person where person.id = $1) then
    return '{"reason": "account_gone"}';
  elsif not exists (select from private.users as person where person.id = $1 and person.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$$;
comment on function public.request_account_deletion(uuid, text, int, int) is
  'Remembers that a person leaves; {"reason"} where they are gone, did not type their name or did not sign in just now.';

-- 20261122235921_say_when_an_email_is_sent_again
-- Whoever asks for an e-mail again too early is told so, and when to ask: it looked as if it had been sent.
create or replace function public.request_notification_again(user_id uuid, type text, quiet_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  latest public.notifications;
  again_at timestamptz;
begin
  select * into latest from public.notifications as notification
  where notification.user_id = $1 and notification.type = $2
  order by notification.created_at desc, notification.id limit 1;
  if latest.id is null then
    return case when $2 = 'welcome' then public.request_notification($1, $2, 'welcome') end;
  elsif latest.payload ->> 'expires_at' < to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS') then
    return null;
  elsif latest.status in ('queued', 'sending') then
    return jsonb_build_object('id', latest.id, 'status', latest.status);
  end if;
  again_at := coalesce(latest.sent_at, latest.created_at) + make_interval(secs => quiet_seconds);
  if again_at > now() then
    return jsonb_build_object(
      'id', latest.id, 'status', latest.status, 'retry_after', ceil(extract(epoch from again_at - now()))::int
    );
  end if;
  return public.request_notification($1, $2, 'again-' || latest.id, latest.payload);
end
$$;
comment on function public.request_notification_again(uuid, text, int) is
  'The latest e-mail of a type once more, or that one where it is young, with retry_after; null where there is none to send.';

-- 20261122235922_watch_account_exports
-- An archive that is asked for and never made is somebody's right to their data: an operator is told of it.
insert into private.state_limits (item, warn, alert, unit) values
  ('account_exports', 60, 1440, 'minutes'); -- since the oldest was asked for

-- What the functions' settings limit is told by whoever asks, since only they know it. Definer, since most of these tables
-- are nobody's through the API.
create or replace function public.get_system_state(design_budget numeric default null, x_posts_a_month int default null)
returns jsonb
language sql stable security definer set search_path = '' as $$
  with facts (item, subject, value, verdict, detail) as (
    select * from private.state_of_platforms()
    union all
    select 'stripe_events', '', private.minutes_since(min(event.received_at)), null,
      format('%s unprocessed', count(*))
        || coalesce(', ' || left((array_agg(event.error order by event.attempted_at desc nulls last))[1], 100), '')
    from private.stripe_events as event where event.processed_at is null
    union all
    select 'billing_findings', '', coalesce(sum(open.number), 0),
      case when bool_or(open.kind = 'charge_disputed') then 'alert' end,
      coalesce(string_agg(format('%s %s', open.number, open.kind), ', ' order by open.kind), '')
    from (
      select finding.kind, count(*) as number from private.billing_findings as finding
      where finding.resolved_at is null group by finding.kind
    ) as open
    union all
    select 'mail_queued', '', private.minutes_since(min(mail.next_attempt_at)), null, format('%s due', count(*))
    from public.notifications as mail where mail.status in ('queued', 'sending') and mail.next_attempt_at <= now()
    union all
    select case mail.status when 'failed' then 'mail_failed' else 'mail_suppressed' end, '', count(*), null, ''
    from public.notifications as mail
    where mail.status in ('failed', 'bounced', 'suppressed') and mail.next_attempt_at > now() - interval '1 day'
    group by 1
    union all
    select 'account_deletions', '', private.minutes_since(min(deletion.due_at)), null,
      format('%s waiting', count(*))
        || coalesce(': ' || string_agg(distinct deletion.last_error, ', '), '')
    from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
    union all
    select 'account_exports', '', private.minutes_since(min(export.started_at)), null,
      format('%s being made', count(*)) || coalesce(': ' || string_agg(distinct export.last_error, ', '), '')
    from private.account_exports as export where export.finished_at is null and export.expires_at > now()
    union all
    select 'file_removals', '', private.minutes_since(min(removal.created_at)), null,
      format('%s queued', count(*)) || coalesce(': ' || string_agg(distinct removal.last_error, ', '), '')
    from private.file_removals as removal
    union all
    select 'design_budget', '', round(100 * spent.dollars / nullif(design_budget, 0)), null,
      format('$%s of $%s this month', round(spent.dollars, 2), coalesce(design_budget::text, '?'))
    from (
      select (coalesce((
        select book.spent_micros from private.design_spending as book
        where book.month = date_trunc('month', now() at time zone 'utc')::date
      ), 0) + coalesce(sum(run.reserved_micros), 0)) / 1000000.0 as dollars from private.design_runs as run
    ) as spent
    union all
    select 'x_reads', '', round(100.0 * spent.posts / nullif(x_posts_a_month, 0)), null,
      format('%s of %s posts this month', spent.posts, coalesce(x_posts_a_month::text, '?'))
    from (
      select coalesce(sum(budget.units), 0) as posts from private.metric_budgets as budget
      where budget.platform = 'twitter' and budget.month = date_trunc('month', now() at time zone 'utc')::date
    ) as spent
    union all
    select 'job', job.subject, job.minutes, job.verdict, job.detail from private.state_of_jobs() as job
  )
  select jsonb_agg(
    jsonb_build_object(
      'item', fact.item, 'subject', fact.subject, 'value', fact.value, 'unit', coalesce(known.unit, fallback.unit),
      'verdict', case
        when fact.verdict = 'alert' or fact.value >= known.alert then 'alert'
        when fact.verdict = 'warn' or fact.value >= known.warn then 'warn'
        else 'ok'
      end,
      'detail', fact.detail
    ) order by fact.item, fact.subject
  )
  from facts as fact
  left join private.state_limits as known on known.item = fact.item
  cross join lateral (
    select case fact.item when 'job' then 'minutes ago' else 'resting' end as unit
  ) as fallback
$$;

-- 20261122235930_walk_with_a_where
-- A hosted project refuses an update without a where (pg_safeupdate, which every session of its API loads), inside
-- functions too: the walk could not be moved there.
create or replace function public.reconcile_stripe_page(
  ticket bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  walk private.billing_walk;
  told jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into walk from private.billing_walk for update;
  if walk.phase <> 'stripe' or walk.reached is distinct from reached or walk.finished_at is not null then
    return jsonb_build_object('overtaken', true);
  end if;
  for told in
    select value from jsonb_array_elements(subscriptions) order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(ticket, told, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', told ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', told ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  -- A hosted project refuses an update without a where, although there is one row.
  update private.billing_walk as w set
    reached = reaches, phase = case when reaches is null then 'ours' else 'stripe' end
  where w.id;
  return jsonb_build_object(
    'overtaken', false, 'repaired', repaired, 'findings', findings, 'failed', failed,
    'ticket', nextval('private.stripe_tickets')
  );
end
$$;

-- 20261122235940_keep_used_today
-- What a person used of today's share does not come back with a new account: who leaves and signs in again with the same
-- Google account goes on where they were.

create table private.used_today (
  google_hash text not null check (google_hash ~ '^[0-9a-f]{64}$'),
  what text not null check (what in ('designs', 'linkedin', 'github', 'twitter')),
  day date not null,
  used int not null check (used >= 0),
  attempts int not null default 0,
  primary key (google_hash, what)
);
comment on table private.used_today is
  'What people who left today had used of what there is for a day: under a hash of their Google id.';
comment on column private.used_today.what is 'Designs, or posts that a platform was asked about.';
comment on column private.used_today.attempts is 'Of designs, those that failed too.';

-- Before the cascades take the rows. The row of the person is locked by now: whoever still counts has done so.
create function private.keep_used_today() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.used_today where day < today;
  insert into private.used_today as kept (google_hash, what, day, used, attempts)
  select encode(sha256(old.google_id::bytea), 'hex'), counted.*
  from (
    select 'designs', usage.day, usage.used, usage.attempts from private.design_usage as usage
    where usage.user_id = old.id and usage.day = today
    union all
    select share.platform, share.day, share.units, 0 from private.metric_shares as share
    where share.user_id = old.id and share.day = today
  ) as counted
  on conflict (google_hash, what) do update set used = excluded.used, attempts = excluded.attempts;
  return old;
end
$$;
comment on function private.keep_used_today() is 'Trigger: what was used today is kept when a person is deleted.';

create trigger keep_used_today before delete on private.users
  for each row execute function private.keep_used_today();

create function private.restore_used_today() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.used_today where day < (now() at time zone 'utc')::date;
  with kept as (
    delete from private.used_today where google_hash = encode(sha256(new.google_id::bytea), 'hex')
    returning what, day, used, attempts
  ),
  designs as (
    insert into private.design_usage (user_id, day, used, attempts)
    select new.id, kept.day, kept.used, kept.attempts from kept where kept.what = 'designs'
  )
  insert into private.metric_shares (user_id, platform, day, units)
  select new.id, kept.what, kept.day, kept.used from kept where kept.what <> 'designs';
  return null;
end
$$;
comment on function private.restore_used_today() is 'Trigger: who comes back on the same day has used what they used.';

create trigger restore_used_today after insert on private.users
  for each row execute function private.restore_used_today();

-- The database's owner alone.
alter table private.used_today enable row level security;

create policy "nobody through the API" on private.used_today for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.used_today from anon, authenticated, service_role;

revoke all on function private.keep_used_today() from public, anon, authenticated, service_role;
revoke all on function private.restore_used_today() from public, anon, authenticated, service_role;

create or replace function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, limits jsonb, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  until_tomorrow constant int := ceil(extract(epoch from ((today + 1) at time zone 'utc' - now())));
  until_next_month constant int :=
    ceil(extract(epoch from ((this_month + interval '1 month') at time zone 'utc' - now())));
  daily int;
  usage private.design_usage;
  lost private.design_runs;
  session uuid;
begin
  -- Who is being deleted has gone when this goes on, or is deleted after it: what is counted here is not lost between.
  select coalesce((begin_design.limits ->> person.tier)::int, 0) into daily
  from private.users as person where person.id = begin_design.user_id for key share;
  if not found then
    return jsonb_build_object('refused', 'no_profile');
  end if;

  -- One at a time from here on: two requests must not both take what is left of the month.
  insert into private.design_spending (month) values (this_month) on conflict do nothing;
  perform from private.design_spending where month = this_month for update;

  -- A handler that was killed settles nothing: after a quarter of an hour its run counts as failed, at full cost.
  for lost in
    select * from private.design_runs where started_at < now() - interval '15 minutes' for update skip locked
  loop
    perform private.settle_design_run(lost, lost.reserved_micros, true);
    update public.ai_sessions set status = 'failed', error_code = 'abandoned', completed_at = now()
    where id = lost.session_id and status = 'running';
  end loop;

  insert into private.design_usage as usage (user_id, day, used, attempts)
  values (begin_design.user_id, today, 0, 0)
  on conflict do nothing;
  update private.design_usage set used = used + 1, attempts = attempts + 1
  where user_id = begin_design.user_id and day = today and used < daily and attempts < 4 * daily
  returning * into usage;
  if not found then
    return jsonb_build_object('refused', 'quota_exceeded', 'limit', daily, 'retry_after', until_tomorrow);
  end if;
  if (select spent_micros from private.design_spending where month = this_month)
    + (select coalesce(sum(reserved_micros), 0) from private.design_runs) + cost_micros > ceiling_micros
  then
    update private.design_usage set used = used - 1, attempts = attempts - 1
    where user_id = begin_design.user_id and day = today;
    return jsonb_build_object('refused', 'budget_spent', 'limit', daily, 'retry_after', until_next_month);
  end if;

  insert into public.ai_sessions (user_id, project_id, input_json, model)
  values (begin_design.user_id, begin_design.project_id, input, begin_design.model)
  returning id into session;
  insert into private.design_runs (session_id, user_id, reserved_micros)
  values (session, begin_design.user_id, cost_micros);
  return jsonb_build_object(
    'session_id', session, 'limit', daily, 'remaining', daily - usage.used, 'resets_in', until_tomorrow
  );
end
$$;

-- 20261122235941_limit_rows
-- How many projects and layouts a person may have: a program with a free account could fill the database. Handlers and the
-- owner of the database may add more.

-- In one's turn, so that two at once do not share the last place; it is waited for before any row is held.
create trigger a_turn_to_add before insert on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert on public.layouts
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

create function private.limit_own_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := tg_argv[0];
  number int;
begin
  if current_setting('role') <> 'authenticated' or not exists (select from added) then
    return null;
  end if;
  execute format('select count(*) from public.%I where user_id = $1', tg_table_name) into number using auth.uid();
  if number > most then
    raise exception 'You may have % % at most.', most, tg_table_name
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_own_rows() is 'Trigger: refuses what is more than a person may have of a table.';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_own_rows(1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_own_rows(200);

-- A trigger's function, which nobody calls.
revoke all on function private.limit_own_rows() from public, anon, authenticated, service_role;

-- 20261122235950_keep_media_in_their_project
-- Who moved an image to another project and deleted the first lost its file, and had more images than their plan allows.

-- A row's file lies in its project's folder, goes with it, and is counted there: neither moves to another project.
create function private.keep_project() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'The project of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_project() is 'Trigger: images and videos stay with their project.';

create trigger keep_project before update on public.project_images
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();
create trigger keep_project before update on public.project_videos
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();

revoke all on function private.keep_project() from public, anon, authenticated, service_role;

-- Whether something shows or expects this file; whichever project of its person's shows it.
create or replace function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.projects as project join public.project_images as image on image.project_id = project.id
      where project.user_id = private.folder_id($2, 1) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.projects as project join public.project_videos as video on video.project_id = project.id
      where project.user_id = private.folder_id($2, 1) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    when 'account-exports' then exists (
      select from private.account_exports as made
      where made.user_id = private.folder_id($2, 1)
        and (made.id = private.folder_id($2, 2) or made.parts @> jsonb_build_array(jsonb_build_object('name', $2)))
    )
    else false
  end
$$;

-- 20261122235951_bound_export_pages
-- 500 rows of 256 kB were one page, which took more than a gigabyte to read.

-- One page of a person's rows, in the order of their keys: so many, and no more bytes than memory takes easily, but at
-- least one. Rows are read one by one, by their place (ctid): the keys alone say how far a page may go.
create or replace function public.export_account_rows(user_id uuid, source text, after text, batch int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  most constant bigint := 4 * 1024 * 1024;
  wanted private.personal_data;
  place tid;
  key text;
  last text;
  content jsonb;
  page jsonb[] := '{}';
  bytes bigint := 0;
begin
  select * into wanted from private.personal_data as known where known.source = export_account_rows.source;
  if to_regclass(wanted.relation) is null then
    return '{"rows": [], "next": null}';
  end if;
  for place, key in execute format(
    'select t.ctid, (%2$s) collate "C" as key from %1$s as t
     where (%3$s) and ((%2$s) collate "C" > $2 or $2 is null) order by key limit $3',
    wanted.relation, wanted.row_key, wanted.owned
  ) using user_id, after, batch
  loop
    execute format('select to_jsonb(t) - $2 from %s as t where t.ctid = $1', wanted.relation)
      into content using place, wanted.secrets;
    bytes := bytes + octet_length(content::text);
    if bytes > most and last is not null then
      return jsonb_build_object('rows', to_jsonb(page), 'next', last);
    end if;
    page := array_append(page, content);
    last := key;
  end loop;
  return jsonb_build_object('rows', to_jsonb(page), 'next', case when cardinality(page) = batch then last end);
end
$$;

-- 20261122235952_limit_qr_codes
-- Codes had no limit, and somebody with hundreds kept everybody waiting for theirs to be made again.

-- After the file is stored: a row says that its file carries its link. The newest 20 looks of what a code leads to stay.
create or replace function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = '' as $$
  insert into private.qr_codes (user_id, project_id, name, link, username, style) values ($1, $2, $3, $4, $5, $6)
  on conflict (name) do update set link = excluded.link, username = excluded.username;
  delete from private.file_removals as removal where removal.bucket_id = 'qr-codes' and removal.name = $3;
  delete from private.qr_codes as code where code.name in (
    select known.name from private.qr_codes as known
    where known.user_id = $1 and known.project_id is not distinct from $2
    order by known.created_at desc, known.name offset 20
  );
$$;
comment on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) is
  'Notes a QR code that has been stored; too many of one target''s push out the oldest.';

-- A project that is no longer published loses its codes; the rest is made again by the handler. What was taken goes to the
-- end of the line, and everybody's first comes before anybody's second: neither one that cannot be made nor somebody with
-- many keeps others waiting.
create or replace function public.take_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with line as (
    select code.name, person.username, row_number() over (partition by code.user_id order by code.updated_at) as place
    from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', person.username),
      '{project_id}', coalesce(code.project_id::text, '')
    )
  ),
  stale as (
    select code.name, line.username from private.qr_codes as code join line on line.name = code.name
    order by line.place, code.updated_at limit batch for update of code skip locked
  ),
  taken as (
    update private.qr_codes as code set updated_at = now() from stale where stale.name = code.name
    returning code.name, code.user_id, code.project_id, code.style, stale.username
  )
  select coalesce(jsonb_agg(to_jsonb(taken) || jsonb_build_object('logo', (
    select private.media_file_name(image.url) from public.project_images as image
    join public.projects as project on project.id = image.project_id
    where image.id = (taken.style ->> 'logo_image_id')::uuid and project.user_id = taken.user_id
      and starts_with(private.media_file_name(image.url), taken.user_id::text || '/')
  ))), '[]') from taken
$$;
comment on function public.take_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';

-- 20261122235953_remove_what_is_too_many
-- A file that came when its project was full stayed where everybody sees it until the nightly sweep.

-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create or replace function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.take_media_turn($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    insert into private.file_removals (bucket_id, name)
    select 'project-media', file.name from private.media_file_name($3) as file (name) where file.name is not null
    on conflict do nothing;
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height)
    values (upload.project_id, $3, $5, $6) returning id into medium;
  else
    insert into public.project_videos (project_id, url) values (upload.project_id, $3) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

-- 20261122235954_check_an_upload_once
-- An upload was checked as often as it was asked for, at the same time.

alter table private.media_uploads add column leased_until timestamptz;
comment on column private.media_uploads.leased_until is
  'Until when somebody checks its file: nobody else does meanwhile.';

drop function public.get_media_upload(uuid, uuid);

-- Checking a file takes memory and time: one request does it, however many ask. Who dies meanwhile keeps it until the
-- lease ends.
create function public.take_media_upload(user_id uuid, upload_id uuid, lease_seconds int) returns jsonb
language sql security definer set search_path = '' as $$
  with taken as (
    update private.media_uploads as upload set leased_until = now() + make_interval(secs => $3)
    where upload.id = $2 and upload.user_id = $1 and upload.status = 'pending'
      and (upload.leased_until is null or upload.leased_until <= now())
    returning upload.*
  )
  select to_jsonb(taken) from taken
  union all
  select to_jsonb(upload) || case upload.status when 'pending' then '{"status": "busy"}'::jsonb else '{}' end
  from private.media_uploads as upload
  where upload.id = $2 and upload.user_id = $1 and not exists (select from taken)
$$;
comment on function public.take_media_upload(uuid, uuid, int) is
  'An upload of this person''s, to check where it is pending; its status is busy while somebody does.';

create function public.release_media_upload(upload_id uuid) returns boolean
language sql security definer set search_path = '' as $$
  with released as (
    update private.media_uploads as upload set leased_until = null
    where upload.id = $1 and upload.status = 'pending' returning true
  )
  select exists (select from released)
$$;
comment on function public.release_media_upload(uuid) is
  'Lets others check an upload; whether it is still to be checked.';

revoke all on function public.take_media_upload(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.release_media_upload(uuid) from public, anon, authenticated, service_role;
grant execute on function public.take_media_upload(uuid, uuid, int) to service_role;
grant execute on function public.release_media_upload(uuid) to service_role;

-- 20261123000000_limit_rows_of_projects
-- Labels and files from elsewhere had no limit: a project with thousands of them is read by every visitor.

-- What a project may have of anything, wherever its files are: visitors read all of it with the project.
create function private.limit_project_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := tg_argv[0];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  execute format(
    'select exists (
       select from public.%I as kept where kept.project_id in (select added.project_id from added)
       group by kept.project_id having count(*) > $1
     )', tg_table_name
  ) into crowded using most;
  if crowded then
    raise exception 'A project may have % % at most.', most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_project_rows() is 'Trigger: refuses what is more than a project may have of a table.';

-- Images and videos have their turn already.
create trigger a_turn_to_add before insert or update on public.project_tags
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert or update on public.project_technologies
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

create trigger limit_rows after insert on public.project_images referencing new table as added
  for each statement execute function private.limit_project_rows(100);
create trigger limit_rows after insert on public.project_videos referencing new table as added
  for each statement execute function private.limit_project_rows(20);
create trigger limit_rows after insert on public.project_tags referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_moved_rows after update on public.project_tags referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_rows after insert on public.project_technologies referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_moved_rows after update on public.project_technologies referencing new table as added
  for each statement execute function private.limit_project_rows(50);

revoke all on function private.limit_project_rows() from public, anon, authenticated, service_role;

-- 20261123000100_limit_rows_by_one_function
-- One function for whatever is limited: a person's rows and a project's were counted by two that were the same.

drop trigger limit_rows on public.projects;
drop trigger limit_rows on public.layouts;
drop trigger limit_rows on public.project_images;
drop trigger limit_rows on public.project_videos;
drop trigger limit_rows on public.project_tags;
drop trigger limit_moved_rows on public.project_tags;
drop trigger limit_rows on public.project_technologies;
drop trigger limit_moved_rows on public.project_technologies;
drop function private.limit_own_rows();
drop function private.limit_project_rows();

-- Counted are the rows of whoever stands in the column that the trigger names: a person, or a project.
create function private.limit_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := tg_argv[1];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  execute format(
    'select exists (
       select from public.%1$I as kept where kept.%2$I in (select added.%2$I from added)
       group by kept.%2$I having count(*) > $1
     )', tg_table_name, tg_argv[0]
  ) into crowded using most;
  if crowded then
    raise exception '% may have % % at most.',
      case tg_argv[0] when 'user_id' then 'You' else 'A project' end, most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_rows() is 'Trigger: refuses what is more than a person, or a project, may have of a table.';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_rows('user_id', 1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_rows('user_id', 200);
create trigger limit_rows after insert on public.project_images referencing new table as added
  for each statement execute function private.limit_rows('project_id', 100);
create trigger limit_rows after insert on public.project_videos referencing new table as added
  for each statement execute function private.limit_rows('project_id', 20);
create trigger limit_rows after insert on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_rows after insert on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);

revoke all on function private.limit_rows() from public, anon, authenticated, service_role;
