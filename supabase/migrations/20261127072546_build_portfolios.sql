-- What a portfolio needs: a profile to fill in, addresses that last, an order, previews, search, views, messages to owners,
-- and reports. The state is in sql/ and policies/; this brings there what was deployed before.

-- Profiles

create function private.are_links(links text[]) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(bool_and(
    link is not null and char_length(link) <= 2048 and link ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'
  ), true) from unnest(links) as link
$$;
comment on function private.are_links(text[]) is 'Whether each of them is an http(s) address of at most 2048 characters.';

alter table private.users
  add column name text constraint users_name_length check (char_length(name) between 1 and 100),
  add column headline text constraint users_headline_length check (char_length(headline) between 1 and 200),
  add column bio text constraint users_bio_length check (char_length(bio) between 1 and 5000),
  add column location text constraint users_location_length check (char_length(location) between 1 and 100),
  add column links text[] not null default '{}'
    constraint users_links_count check (cardinality(links) <= 10)
    constraint users_links_format check (private.are_links(links));

comment on column private.users.name is 'The name to show; null until the user writes one: a real name is nobody else''s to publish.';
comment on column private.users.headline is 'One line below the name.';
comment on column private.users.bio is 'Some paragraphs of plain text.';
comment on column private.users.location is 'Where the user says to be: free text.';
comment on column private.users.links is 'The user''s other pages, in the order to show: at most 10 http(s) addresses.';

create or replace view public.users with (security_invoker = true) as
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

grant select (name, headline, bio, location, links) on table private.users to anon, authenticated, service_role;
grant update (name, headline, bio, location, links) on table private.users to authenticated, service_role;
grant update (name, headline, bio, location, links) on table public.users to authenticated, service_role;
revoke all on function private.are_links(text[]) from public, anon, authenticated, service_role;
grant execute on function private.are_links(text[]) to authenticated, service_role;

-- Usernames that were given up

drop trigger refuse_reserved_username on private.users;
drop trigger refuse_reserved_rename on private.users;
drop function private.refuse_reserved_username();

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
      using errcode = 'check_violation', constraint = 'users_username_reserved', hint = 'Choose another username.';
  elsif private.is_username_held(new.username, new.id) then
    raise exception 'The username % belonged to somebody else until lately.', new.username
      using errcode = 'check_violation', constraint = 'users_username_held', hint = 'Choose another username.';
  elsif tg_op = 'UPDATE' and current_setting('role') = 'authenticated' and (
    select count(*) >= 10 from private.former_usernames as former
    where former.user_id = new.id and former.freed_at > now() - interval '90 days'
      and former.username_hash <> private.username_hash(new.username)
  ) then
    -- Each change keeps a name from everybody else.
    raise exception 'You may change your username 10 times in 90 days.'
      using errcode = 'PT429', hint = 'Take back one that you had, or wait.';
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

create or replace function private.slug(given text, longest int) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select nullif(trim(both '-_' from left(trim(both '-_' from regexp_replace(
    lower(regexp_replace(normalize(left(given, 255), nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9_]+', '-', 'g'
  )), longest)), '')
$$;

comment on function private.slug(text, int) is 'Lower-case ASCII of at most so many characters, for an address; or null.';
revoke all on function private.slug(text, int) from public;

create or replace function private.create_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the person's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1), 24),
    private.slug(new.raw_user_meta_data ->> 'name', 24),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
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

drop function private.slug(text);

-- Projects: rows that are there get their slugs and dates, and keep the time when they were changed last.
alter table public.projects
  add column position int not null default 0 constraint projects_position_range check (position >= 0),
  add column pinned boolean not null default false,
  add column slug text not null default '',
  add column published_at timestamptz,
  add column hidden_at timestamptz,
  add column hidden_reason text constraint projects_hidden_reason_length check (char_length(hidden_reason) between 1 and 500),
  add constraint projects_hidden_reason_given check ((hidden_at is null) = (hidden_reason is null)),
  drop constraint projects_status_check,
  add constraint projects_status_check check (status in ('draft', 'published', 'unlisted', 'archived'));

comment on column public.projects.status is
  'draft and archived: for the owner. published: for everybody. unlisted: for those who know its address, and in no list.';
comment on column public.projects.position is 'The order on the owner''s page, set by reorder_projects; new ones come first.';
comment on column public.projects.pinned is 'Whether it comes before the others on the owner''s page.';
comment on column public.projects.slug is
  'The last part of its address, /<username>/<slug>; made from the title where none is given, and kept when the title changes.';
comment on column public.projects.published_at is 'When it was first published; null until then.';
comment on column public.projects.hidden_at is 'Since when an operator hides it from everybody but its owner.';
comment on column public.projects.hidden_reason is 'Why, for the owner to read.';

-- The same by when they were published.
create index projects_published_at_idx on public.projects (published_at desc) where status = 'published';

-- Users send back the rows that they read: what is the database's or an operator's stays as it is. The demo rows, and who
-- restores a backup, may say when something was published.
create function private.keep_publication() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_setting('role') = 'authenticated' then
    new.published_at := case tg_op when 'UPDATE' then old.published_at end;
    new.hidden_at := case tg_op when 'UPDATE' then old.hidden_at end;
    new.hidden_reason := case tg_op when 'UPDATE' then old.hidden_reason end;
  end if;
  if new.status = 'published' and new.published_at is null then
    new.published_at := now();
  end if;
  return new;
end
$$;
comment on function private.keep_publication() is 'Trigger: published_at is set once, and only operators hide a project.';

create trigger keep_publication before insert or update on public.projects
  for each row execute function private.keep_publication();

-- As in reorder_project_media: the user's lock first, so that two requests do not mix their numbers.
create function public.reorder_projects(ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  own uuid[];
begin
  perform private.take_media_turn((select auth.uid()));
  own := array(
    select project.id from public.projects as project
    where project.user_id = (select auth.uid())
    order by array_position(ids, project.id) nulls last, project.position, project.created_at desc, project.id
  );
  if ids is null or not ids <@ own then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif cardinality(ids) <> (select count(distinct wanted.id) from unnest(ids) as wanted (id)) then
    raise exception 'Name each project once.' using errcode = 'invalid_parameter_value';
  end if;
  update public.projects as project set position = wanted.place - 1
  from unnest(own) with ordinality as wanted (id, place)
  where project.id = wanted.id and project.position <> wanted.place - 1;
end
$$;
comment on function public.reorder_projects(uuid[]) is
  'Puts the caller''s projects into this order; those that are not named follow, as they were.';

drop policy "published projects are public" on public.projects;
drop policy "people see published projects and their own" on public.projects;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published' and hidden_at is null);
create policy "people see published projects and their own" on public.projects for select to authenticated
  using ((status = 'published' and hidden_at is null) or user_id = (select auth.uid()));

revoke all on function private.keep_publication() from public, anon, authenticated, service_role;
revoke all on function public.reorder_projects(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_projects(uuid[]) to authenticated;

-- The address of a project: /<username>/<slug>. A changed one goes on leading to its project.

create table private.former_slugs (
  user_id uuid not null references private.users (id) on delete cascade,
  slug text not null constraint former_slugs_slug_length check (char_length(slug) between 1 and 80),
  project_id uuid not null references public.projects (id) on delete cascade,
  changed_at timestamptz not null default now(),
  primary key (user_id, slug)
);
comment on table private.former_slugs is 'Slugs that a project had: they lead to it until another project of the user has them.';
create index former_slugs_project_id_idx on private.former_slugs (project_id, changed_at desc);

create view private.used_slugs with (security_invoker = true) as
select project.user_id, project.id as project_id, project.slug from public.projects as project
union all
select former.user_id, former.project_id, former.slug from private.former_slugs as former;
comment on view private.used_slugs is 'The slugs that lead to a project, now or still.';

-- Definer, because former slugs are nobody's to read. A stranger's row, which the policies refuse afterwards, waits for nobody.
create function private.make_slug() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  base constant text := coalesce(private.slug(new.title, 60), 'project');
begin
  if tg_op = 'INSERT' and new.user_id = coalesce(auth.uid(), new.user_id) then
    perform private.take_media_turn(new.user_id);
  end if;
  new.slug := base;
  if exists (
    select from private.used_slugs as used
    where used.user_id = new.user_id and used.slug = base and used.project_id <> new.id
  ) then
    new.slug := base || '-' || (
      select coalesce(max(substring(used.slug from '[0-9]+$')::int), 1) + 1
      from private.used_slugs as used
      where used.user_id = new.user_id and used.project_id <> new.id
        and starts_with(used.slug, base) and substring(used.slug from char_length(base) + 1) ~ '^-[0-9]{1,6}$'
    );
  end if;
  return new;
end
$$;
comment on function private.make_slug() is 'Trigger: a slug from the title where none is given, with a number where it is taken.';

create trigger make_slug before insert or update on public.projects
  for each row when (coalesce(new.slug, '') = '') execute function private.make_slug();

create function private.keep_former_slug() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.former_slugs as former where former.user_id = new.user_id and former.slug = new.slug;
  if tg_op = 'UPDATE' then
    insert into private.former_slugs (user_id, slug, project_id) values (old.user_id, old.slug, old.id)
    on conflict (user_id, slug) do update set project_id = excluded.project_id, changed_at = excluded.changed_at;
    delete from private.former_slugs as former where former.project_id = new.id and former.slug in (
      select known.slug from private.former_slugs as known where known.project_id = new.id
      order by known.changed_at desc, known.slug offset 20
    );
  end if;
  return null;
end
$$;
comment on function private.keep_former_slug() is 'Trigger: the last 20 slugs of a project go on leading to it.';

create trigger keep_new_slug after insert on public.projects
  for each row execute function private.keep_former_slug();
create trigger keep_former_slug after update on public.projects
  for each row when (old.slug is distinct from new.slug) execute function private.keep_former_slug();

-- An id stands for its project under any username, as it does in QR codes.
create function private.find_project(username text, slug text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when lower($2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then $2::uuid
    else coalesce(
      (select project.id from public.projects as project where project.user_id = owner.id and project.slug = lower($2)),
      (select former.project_id from private.former_slugs as former where former.user_id = owner.id and former.slug = lower($2))
    )
  end
  from (select private.find_user($1) as id) as owner
$$;
comment on function private.find_project(text, text) is 'The project that an address leads to, or led to last; null where it leads nowhere.';

-- Unlisted projects are for those who know where they are: no policy can tell one that is asked for from one that is listed.
create function private.can_open_project(project public.projects) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select project.status in ('published', 'unlisted') and project.hidden_at is null
    or project.user_id = (select auth.uid()) or current_setting('role') = 'service_role'
$$;
comment on function private.can_open_project(public.projects) is 'Whether the caller may see a project whose address they know.';

create function public.find_page(username text, slug text default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  project public.projects;
  owner uuid;
begin
  if $2 is null then
    owner := private.find_user($1);
  else
    select known.* into project from public.projects as known
    where known.id = private.find_project($1, $2) and private.can_open_project(known);
    owner := project.user_id;
  end if;
  return (
    select jsonb_build_object(
      'user_id', profile.id, 'username', profile.username, 'project_id', project.id, 'slug', project.slug
    ) from private.users as profile where profile.id = owner
  );
end
$$;
comment on function public.find_page(text, text) is
  'Where a page is now: {user_id, username, project_id, slug}, whatever case, former username, former slug or project id it is '
  'asked for by; null where the caller can see no such page.';

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

alter table public.projects disable trigger touch_updated_at;
alter table public.projects disable trigger keep_former_slug;
do $$
declare
  known record;
begin
  for known in select project.id from public.projects as project order by project.user_id, project.created_at, project.id loop
    update public.projects as project set
      slug = '', published_at = case when project.status = 'published' then project.created_at end
    where project.id = known.id;
  end loop;
end
$$;
alter table public.projects enable trigger touch_updated_at;
alter table public.projects enable trigger keep_former_slug;
alter table public.projects
  add constraint projects_slug_format check (slug ~ '^[a-z0-9]([a-z0-9_-]{0,78}[a-z0-9])?$'),
  add constraint projects_slug_unique unique (user_id, slug);

-- What a project's page shows, in one call: also of one that no list has, to whoever knows where it is.

-- A computed relationship of PostgREST: projects?select=title,latest_metrics(platform,stars,likes). The row's word is not taken
-- for it: the caller must see the project.
create function public.latest_metrics(project public.projects) returns setof public.social_metrics
language sql stable rows 3 set search_path = pg_catalog, pg_temp as $$
  select * from private.current_metrics((select known.id from public.projects as known where known.id = $1.id))
$$;
comment on function public.latest_metrics(public.projects) is
  'The latest snapshot of each link of a project, to embed in any list of projects.';

create function private.project_page(project public.projects) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(project) || jsonb_build_object(
    'users', (
      select jsonb_build_object(
        'username', profile.username, 'name', profile.name, 'headline', profile.headline, 'avatar_url', profile.avatar_url
      ) from private.users as profile where profile.id = project.user_id
    ),
    'project_images', (
      select coalesce(jsonb_agg(to_jsonb(image) order by image.position, image.id), '[]')
      from public.project_images as image where image.project_id = project.id
    ),
    'project_videos', (
      select coalesce(jsonb_agg(to_jsonb(video) order by video.position, video.id), '[]')
      from public.project_videos as video where video.project_id = project.id
    ),
    'project_tags', (
      select coalesce(jsonb_agg(to_jsonb(tag) order by tag.tag), '[]')
      from public.project_tags as tag where tag.project_id = project.id
    ),
    'project_technologies', (
      select coalesce(jsonb_agg(to_jsonb(used) order by used.technology), '[]')
      from public.project_technologies as used where used.project_id = project.id
    ),
    'layouts', (
      select coalesce(jsonb_agg(to_jsonb(layout)), '[]')
      from public.layouts as layout where layout.project_id = project.id and layout.published
    ),
    'latest_metrics', (
      select coalesce(jsonb_agg(to_jsonb(metric) order by metric.platform), '[]')
      from private.current_metrics(project.id) as metric
    )
  )
$$;
comment on function private.project_page(public.projects) is 'A project with all that its page shows, as PostgREST would embed it.';

create function public.get_project_page(project_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.project_page(project)
  from public.projects as project
  where project.id = $1 and private.can_open_project(project)
$$;
comment on function public.get_project_page(uuid) is
  'A project with owner, media, tags, technologies, published layout and latest numbers; null where the caller may not see it. '
  'Unlisted ones are found here alone.';

-- Links that show a draft to those whom its owner gives one.
create table public.project_previews (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  token_hash text not null constraint project_previews_token_hash_unique unique
    constraint project_previews_token_hash_format check (token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table public.project_previews is
  e'Links that show a project before it is published; deleting one revokes it.\n'
  '@graphql({"name": "ProjectPreview"})';
comment on constraint project_previews_project_id_fkey on public.project_previews is
  '@graphql({"local_name": "previews", "foreign_name": "project"})';
comment on column public.project_previews.token_hash is 'SHA-256 of the token, which create_project_preview alone shows, once.';
create index project_previews_project_id_idx on public.project_previews (project_id);

create function private.token_hash(token text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$ select encode(sha256(convert_to($1, 'utf8')), 'hex') $$;
comment on function private.token_hash(text) is 'By which a token is stored. It is random: no salt is needed.';

-- Definer, because the hash is nobody's to write. The lock keeps two requests from sharing the last place.
create function public.create_project_preview(project_id uuid, days int default 7) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  token constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  made public.project_previews;
begin
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif days is null or days not between 1 and 90 then
    raise exception 'days is from 1 to 90.' using errcode = 'invalid_parameter_value';
  end if;
  delete from public.project_previews as known where known.project_id = $1 and known.expires_at <= now();
  if (select count(*) >= 10 from public.project_previews as known where known.project_id = $1) then
    raise exception 'A project may have 10 preview links at most.' using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  insert into public.project_previews (project_id, token_hash, expires_at)
  values ($1, private.token_hash(token), now() + make_interval(days => days)) returning * into made;
  return jsonb_build_object('id', made.id, 'token', token, 'expires_at', made.expires_at);
end
$$;
comment on function public.create_project_preview(uuid, int) is
  'A link to a project of the caller''s, whatever its status: {id, token, expires_at}. The token is shown this once.';

create function public.get_project_preview(token text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.project_page(project) from public.project_previews as preview
  join public.projects as project on project.id = preview.project_id and project.hidden_at is null
  where preview.token_hash = private.token_hash($1) and preview.expires_at > now()
$$;
comment on function public.get_project_preview(text) is
  'What get_project_page gives, for a token that has neither expired nor been revoked; else null.';

-- Owners see and revoke their preview links, and make them by create_project_preview.
alter table public.project_previews enable row level security;

create policy "owners see their preview links" on public.project_previews for select to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners revoke their preview links" on public.project_previews for delete to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_previews from anon, authenticated, service_role;
grant select, delete on table public.project_previews to authenticated, service_role;

revoke all on function public.latest_metrics(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.project_page(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.token_hash(text) from public, anon, authenticated, service_role;
revoke all on function public.get_project_page(uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_project_preview(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.get_project_preview(text) from public, anon, authenticated, service_role;
grant execute on function public.latest_metrics(public.projects) to anon, authenticated, service_role;
grant execute on function public.get_project_page(uuid) to anon, authenticated, service_role;
grant execute on function public.create_project_preview(uuid, int) to authenticated;
grant execute on function public.get_project_preview(text) to anon, authenticated, service_role;

-- Search over what is published: ranked, sorted, filtered, and of bounded cost however common the words are.

-- Apart from projects, so that `select *` does not send it, and with the numbers to sort by beside the words.
create table private.project_search (
  project_id uuid primary key references public.projects (id) on delete cascade,
  document tsvector not null,
  tags text[] not null,
  technologies text[] not null,
  published_at timestamptz not null,
  stars int not null,
  likes int not null
);
comment on table private.project_search is 'The published projects as search finds them; kept by triggers.';
comment on column private.project_search.document is
  'Title (A), tags and technologies (B) and summary (C) as English words, and each tag and technology whole: tag:..., technology:...';

-- Without a pending list, which each search would have to read through.
create index project_search_document_idx on private.project_search using gin (document) with (fastupdate = off);
create index project_search_title_idx on private.project_search using gin (ts_filter(document, '{a}')) with (fastupdate = off);
create index project_search_published_at_idx on private.project_search (published_at desc, project_id desc);
create index project_search_stars_idx on private.project_search (stars desc, project_id desc);
create index project_search_likes_idx on private.project_search (likes desc, project_id desc);

create function private.index_projects(ids uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.project_search as entry using public.projects as project
  where entry.project_id = any (ids) and project.id = entry.project_id
    and (project.status <> 'published' or project.hidden_at is not null);
  insert into private.project_search as entry (project_id, document, tags, technologies, published_at, stars, likes)
  select project.id,
    setweight(to_tsvector('pg_catalog.english', project.title), 'A')
      || setweight(to_tsvector('pg_catalog.english', array_to_string(tag.names || technology.names, ', ')), 'B')
      || setweight(to_tsvector('pg_catalog.english', coalesce(project.short_summary, '')), 'C')
      || array_to_tsvector(array(
        select 'tag:' || lower(name) from unnest(tag.names) as name
        union select 'technology:' || lower(name) from unnest(technology.names) as name
      )),
    tag.names, technology.names, project.published_at, metric.stars, metric.likes
  from public.projects as project
  cross join lateral (
    select array(select one.tag from public.project_tags as one where one.project_id = project.id order by one.tag) as names
  ) as tag
  cross join lateral (
    select array(
      select one.technology from public.project_technologies as one where one.project_id = project.id order by one.technology
    ) as names
  ) as technology
  cross join lateral (
    select coalesce(sum(latest.stars), 0)::int as stars, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int as likes
    from private.current_metrics(project.id) as latest
  ) as metric
  where project.id = any (ids) and project.status = 'published' and project.hidden_at is null
  order by project.id
  on conflict (project_id) do update set
    document = excluded.document, tags = excluded.tags, technologies = excluded.technologies,
    published_at = excluded.published_at, stars = excluded.stars, likes = excluded.likes
  where (entry.document, entry.tags, entry.technologies, entry.published_at, entry.stars, entry.likes)
    is distinct from (
      excluded.document, excluded.tags, excluded.technologies, excluded.published_at, excluded.stars, excluded.likes
    );
$$;
comment on function private.index_projects(uuid[]) is 'Makes the entries of these projects what they are now.';

create function private.index_project() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.index_projects(array[new.id]);
  return null;
end
$$;
comment on function private.index_project() is 'Trigger: a project that changed is indexed again.';

-- After sync_metric_sources, by its name: the numbers are those of the links that there are.
create trigger update_search_of_new after insert on public.projects
  for each row when (new.status = 'published') execute function private.index_project();
create trigger update_search after update on public.projects
  for each row when (
    (old.title, old.short_summary, old.status, old.hidden_at, old.published_at, old.github_link, old.linkedin_link, old.twitter_link)
    is distinct from
    (new.title, new.short_summary, new.status, new.hidden_at, new.published_at, new.github_link, new.linkedin_link, new.twitter_link)
  ) execute function private.index_project();

create function private.index_changed_projects() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform private.index_projects(array(select distinct added.project_id from added));
  elsif tg_op = 'DELETE' then
    perform private.index_projects(array(select distinct removed.project_id from removed));
  else
    perform private.index_projects(array(select added.project_id from added union select removed.project_id from removed));
  end if;
  return null;
end
$$;
comment on function private.index_changed_projects() is
  'Trigger: projects whose tags, technologies or numbers changed are indexed again.';

create trigger update_search_of_added after insert on public.project_tags referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.project_tags
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_removed after delete on public.project_tags referencing old table as removed
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_added after insert on public.project_technologies referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.project_technologies
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_removed after delete on public.project_technologies referencing old table as removed
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_added after insert on public.social_metrics referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.social_metrics
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();

create function private.search_query(query text, tags text[], technologies text[]) returns tsquery
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  words constant tsquery := case when query ~ '[^[:space:]]' then websearch_to_tsquery('pg_catalog.english', query) end;
  filters tsquery;
begin
  select string_agg('''' || replace(replace(lower(wanted.lexeme), '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
    into filters
  from (
    select 'tag:' || tag as lexeme from unnest(tags) as tag
    union all
    select 'technology:' || technology from unnest(technologies) as technology
  ) as wanted
  where wanted.lexeme is not null;
  return case when words is null then filters when filters is null then words else words && filters end;
end
$$;
comment on function private.search_query(text, text[], text[]) is
  'Words as people type them ("quoted", or, -not) and whole tags and technologies, all of them; null where nothing is asked.';

-- Entries in the order of a column, as far as `depth` of them after the cursor: the cheap way where many match.
create function private.walk_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, depth int, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query execute format(
    'select entry.project_id, entry.%1$I::text from (
       select known.project_id, known.document, known.%1$I from private.project_search as known
       where $2 is null or (known.%1$I, known.project_id) < ($2::%2$s, $3)
       order by known.%1$I desc, known.project_id desc limit $4
     ) as entry where $1 is null or entry.document @@ $1 limit $5',
    sort_column, case sort_column when 'published_at' then 'timestamptz' else 'int' end
  ) using matching, after_value, after_id, depth, most;
end
$$;
comment on function private.walk_search(tsquery, text, text, uuid, int, int) is
  'Matches in the order of a column, looked for among so many entries.';

-- The same by the index of words: the cheap way where few match. At most 5,000 of them are sorted.
create function private.pick_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query execute format(
    'select entry.project_id, entry.%1$I::text from (
       select known.project_id, known.%1$I from private.project_search as known
       where known.document @@ $1 and ($2 is null or (known.%1$I, known.project_id) < ($2::%2$s, $3)) limit 5000
     ) as entry order by entry.%1$I desc, entry.project_id desc limit $4',
    sort_column, case sort_column when 'published_at' then 'timestamptz' else 'int' end
  ) using matching, after_value, after_id, most;
end
$$;
comment on function private.pick_search(tsquery, text, text, uuid, int) is
  'Matches in the order of a column, looked for by their words.';

-- The best of a bounded number of candidates: the newest ones, and, where the words are rare, up to 200 with all of them in the
-- title and 300 with them anywhere.
create function private.rank_search(
  words tsquery, matching tsquery, title_is_rare boolean, is_rare boolean, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  with candidate as (
    select newest.project_id, newest.document from (
      select known.project_id, known.document from private.project_search as known
      order by known.published_at desc, known.project_id desc limit 200
    ) as newest where newest.document @@ matching
    union
    (
      select known.project_id, known.document from private.project_search as known
      where title_is_rare and ts_filter(known.document, '{a}') @@ words and known.document @@ matching limit 200
    )
    union
    (
      select known.project_id, known.document from private.project_search as known
      where is_rare and known.document @@ matching limit 300
    )
  ),
  ranked as (
    select candidate.project_id, ts_rank(candidate.document, matching) as rank from candidate
  )
  select ranked.project_id, ranked.rank::text from ranked
  where after_value is null or (ranked.rank, ranked.project_id) < (after_value::real, after_id)
  order by ranked.rank desc, ranked.project_id desc limit most
$$;
comment on function private.rank_search(tsquery, tsquery, boolean, boolean, text, uuid, int) is
  'Matches by relevance, the best of some hundred candidates.';

-- How common the words are among the newest 200 decides how they are looked for. Definer: the entries are nobody's to read.
create function private.find_matches(
  query text, sort text, tags text[], technologies text[], after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  words constant tsquery := private.search_query(query, null, null);
  matching constant tsquery := private.search_query(query, tags, technologies);
  -- Without a word that must be there, an index would be read from end to end.
  indexable constant boolean := querytree(matching) not in ('', 'T');
  sort_column constant text := case when sort in ('stars', 'likes') then sort else 'published_at' end;
  hits int;
  title_hits int;
  found int := 0;
begin
  if numnode(words) = 0 then -- "the", "and": words that are in no index
    return;
  end if;
  select count(*), count(*) filter (where ts_filter(newest.document, '{a}') @@ words) into hits, title_hits from (
    select known.document from private.project_search as known
    order by known.published_at desc, known.project_id desc limit case when matching is null then 0 else 200 end
  ) as newest where newest.document @@ matching;
  if sort = 'relevance' and words is not null then
    return query select * from private.rank_search(
      words, matching, title_hits < 20 and indexable, hits < 20 and indexable, after_value, after_id, most
    );
    return;
  end if;
  if hits >= 2 or indexable is not true then
    for project_id, sort_value in
      select * from private.walk_search(matching, sort_column, after_value, after_id, 5000, most)
    loop
      found := found + 1;
      return next;
    end loop;
  end if;
  if found < most and indexable then
    return query select * from private.pick_search(
      matching, sort_column, coalesce(sort_value, after_value), coalesce(project_id, after_id), most - found
    );
  end if;
end
$$;
comment on function private.find_matches(text, text, text[], text[], text, uuid, int) is
  'The ids of matches in the order that is asked for, each with the value that it is sorted by.';

create function public.search_projects(
  query text default null, sort text default null, tags text[] default '{}', technologies text[] default '{}',
  "limit" int default 20, cursor text default null
) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant text := coalesce(sort, case when query ~ '[^[:space:]]' then 'relevance' else 'newest' end);
  after constant text[] := regexp_match(cursor, '^([^ ]+( [^ ]+)?) ([0-9a-f-]{36})$');
  page jsonb;
  ids jsonb;
begin
  if wanted not in ('relevance', 'newest', 'stars', 'likes') then
    raise exception 'sort is relevance, newest, stars or likes.' using errcode = 'invalid_parameter_value';
  elsif char_length(query) > 200 then
    raise exception 'query may have 200 characters at most.' using errcode = 'invalid_parameter_value';
  elsif cardinality(tags) > 10 or cardinality(technologies) > 10 then
    raise exception 'At most 10 tags and 10 technologies.' using errcode = 'invalid_parameter_value';
  elsif "limit" is null or "limit" not between 1 and 100 then
    raise exception 'limit is from 1 to 100.' using errcode = 'invalid_parameter_value';
  elsif cursor is not null and after is null then
    raise exception 'cursor is the next_cursor of another answer.' using errcode = 'invalid_parameter_value';
  end if;
  with match as (
    select found.project_id, found.sort_value, row_number() over () as place
    from private.find_matches(query, wanted, tags, technologies, after[1], after[3]::uuid, "limit" + 1) as found
  )
  select
    jsonb_agg(jsonb_build_object(
      'id', project.id, 'user_id', project.user_id, 'slug', project.slug, 'title', project.title,
      'short_summary', project.short_summary, 'published_at', entry.published_at, 'stars', entry.stars, 'likes', entry.likes,
      'tags', entry.tags, 'technologies', entry.technologies,
      'username', owner.username, 'name', owner.name, 'avatar_url', owner.avatar_url
    ) order by match.place) filter (where match.place <= "limit"),
    jsonb_agg(match.sort_value || ' ' || match.project_id) filter (where match.place = "limit" or match.place = "limit" + 1)
    into page, ids
  from match
  join private.project_search as entry on entry.project_id = match.project_id
  join public.projects as project on project.id = match.project_id
  join private.users as owner on owner.id = project.user_id;
  return jsonb_build_object(
    'projects', coalesce(page, '[]'), 'next_cursor', case when jsonb_array_length(ids) = 2 then ids ->> 0 end
  );
end
$$;
comment on function public.search_projects(text, text, text[], text[], int, text) is
  'Published projects by words, tags and technologies: {"projects", "next_cursor"}; see docs/portfolio.md.';

-- Everybody searches what is published, by the one function; the entries are nobody's to read or write.
alter table private.project_search enable row level security;

create policy "nobody through the API" on private.project_search for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_search from anon, authenticated, service_role;

revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;
revoke all on function private.search_query(text, text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.walk_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.rank_search(tsquery, tsquery, boolean, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function private.find_matches(text, text, text[], text[], text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function public.search_projects(text, text, text[], text[], int, text)
  from public, anon, authenticated, service_role;
grant execute on function public.search_projects(text, text, text[], text[], int, text) to anon, authenticated, service_role;

select private.index_projects(array(select project.id from public.projects as project));

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

-- How often a project's page was seen, by day: no cookie, no address, no bots.

create table public.project_views (
  project_id uuid not null references public.projects (id) on delete cascade,
  day date not null,
  views int not null constraint project_views_views_range check (views >= 0),
  primary key (project_id, day)
);
comment on table public.project_views is
  e'Views of a project a day (UTC), for its owner; written by record_project_view.\n'
  '@graphql({"name": "ProjectView"})';
comment on constraint project_views_project_id_fkey on public.project_views is
  '@graphql({"local_name": "views", "foreign_name": "project"})';

-- What says of itself that it is no reader: crawlers, previews of links, monitors and programs; and what a browser fetches
-- before anybody looks at it.
create function private.is_view() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(headers ->> 'user-agent', '') ~ '^Mozilla/|^Opera/'
    and headers ->> 'user-agent' !~* '(bot|crawl|spider|slurp|scrape|preview|headless|lighthouse|inspect|monitor|fetch|archiver'
      '|externalhit|pingdom|phantom|selenium|puppeteer|playwright|mediapartners|validator|whatsapp|scan)'
    and concat_ws(' ', headers ->> 'sec-purpose', headers ->> 'purpose', headers ->> 'x-moz', headers ->> 'x-purpose')
      !~* '(prefetch|prerender|preview)'
  from (select nullif(current_setting('request.headers', true), '')::jsonb as headers) as request
$$;
comment on function private.is_view() is 'Whether the request says to come from a browser that somebody looks at.';

-- One view a day for each address and browser, ten for each address, so that one stranger adds little whatever they send; and
-- a thousand calls, counted first, so that they leave little as well. The owner's own do not count.
create function public.record_project_view(project_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  address constant text := private.caller_address();
  agent constant text := nullif(current_setting('request.headers', true), '')::jsonb ->> 'user-agent';
begin
  if private.is_view() is not true or not exists (
    select from public.projects as project where project.id = $1 and project.status in ('published', 'unlisted')
      and project.hidden_at is null and project.user_id is distinct from (select auth.uid())
  ) then
    return;
  end if;
  if private.use_daily('views', address, 1000)
    and private.use_daily('view', concat_ws(' ', $1, address, agent), 1)
    and private.use_daily('views of a project', concat_ws(' ', $1, address), 10)
  then
    insert into public.project_views as counted (project_id, day, views)
    values ($1, (now() at time zone 'utc')::date, 1)
    on conflict (project_id, day) do update set views = counted.views + 1;
  end if;
end
$$;
comment on function public.record_project_view(uuid) is
  'A page of a project was opened: counts once a day for each visitor, and not for bots, prefetches and the owner. Says nothing.';

-- For the owner; visitors and crawlers add through record_project_view alone.
alter table public.project_views enable row level security;

create policy "owners see the views of their projects" on public.project_views for select to authenticated
  using (exists (
    select from public.projects where projects.id = project_views.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_views from anon, authenticated, service_role;
grant select on table public.project_views to authenticated, service_role;

revoke all on function private.is_view() from public, anon, authenticated, service_role;
revoke all on function public.record_project_view(uuid) from public, anon, authenticated, service_role;
grant execute on function public.record_project_view(uuid) to anon, authenticated;

-- Unlisted projects are asked about, and have QR codes, like published ones.
create or replace function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  schedule constant text := case when new.status in ('published', 'unlisted') then 'active' else 'paused' end;
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

comment on column private.metric_sources.state is
  'gone and forbidden were confirmed twice and are asked ever more rarely; paused (neither published nor unlisted) is asked on demand only.';

create or replace function public.get_qr_target(user_id uuid, project_id uuid, name text, logo_image_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'username', person.username,
    'found', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.user_id = $1
    ),
    'published', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.status in ('published', 'unlisted')
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

create or replace function public.take_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status not in ('published', 'unlisted');
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

-- Messages to owners

alter table public.notifications drop constraint notifications_type_check;
alter table public.notifications add constraint notifications_type_check check (
  type in (
    'welcome', 'subscription_started', 'renewal_upcoming', 'renewal_succeeded', 'payment_failed', 'payment_refunded',
    'cancellation_scheduled', 'cancellation_withdrawn', 'subscription_canceled', 'account_deleted', 'data_export_ready',
    'weekly_metrics', 'contact_message'
  )
);
alter table public.notification_preferences drop constraint notification_preferences_type_check;
alter table public.notification_preferences add constraint notification_preferences_type_check
  check (type in ('renewal_upcoming', 'weekly_metrics', 'contact_message'));

create or replace function private.wants_notification(user_id uuid, type text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when $2 in ('renewal_upcoming', 'weekly_metrics', 'contact_message') then coalesce(
      (
        select preference.enabled from public.notification_preferences as preference
        where preference.user_id = $1 and preference.type = $2
      ),
      $2 <> 'weekly_metrics'
    )
    else true
  end
$$;

create or replace function public.record_notification_events(events jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
  cross join unnest(array['renewal_upcoming', 'weekly_metrics', 'contact_message']) as declined (type)
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

-- A message to the owner of a project, by e-mail: neither learns the other's address but by an answer.

-- What a stranger wrote is kept until it is sent, and no longer.
create function private.forget_contact_message() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.payload := '{}';
  return new;
end
$$;
comment on function private.forget_contact_message() is 'Trigger: a message to an owner is not kept once it is sent, or never will be.';

create trigger forget_contact_message before update on public.notifications
  for each row when (new.type = 'contact_message' and new.status not in ('queued', 'sending'))
  execute function private.forget_contact_message();

-- The same message again is the same message: whoever lost the answer may repeat it. Definer: it reads whose project it is,
-- and counts under hashes of the day (sql/daily_uses.sql).
create function public.send_contact_message(project_id uuid, name text, email text, message text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  project public.projects;
  sender constant text := trim($2);
  reply_to constant text := lower(trim($3));
  message_hash text;
begin
  if coalesce(char_length(sender), 0) not between 1 and 100 or sender ~ '[[:cntrl:]]' then
    raise exception 'name has 1 to 100 characters, on one line.' using errcode = 'invalid_parameter_value', detail = 'field: name';
  elsif coalesce(char_length(reply_to), 0) not between 3 and 254
    or reply_to !~ '^[^[:space:][:cntrl:]@<>(),;:"\\]+@[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z0-9-]{2,}$'
  then
    raise exception 'email is an e-mail address.' using errcode = 'invalid_parameter_value', detail = 'field: email';
  elsif coalesce(char_length(trim($4)), 0) not between 1 and 5000 then
    raise exception 'message has 1 to 5,000 characters.' using errcode = 'invalid_parameter_value', detail = 'field: message';
  end if;
  select * into project from public.projects as known
  where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null;
  if project.id is null then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.wants_notification(project.user_id, 'contact_message') then
    raise exception 'The owner of this project takes no messages.' using errcode = 'PT409';
  end if;
  message_hash := encode(sha256(convert_to(
    concat_ws(' ', (now() at time zone 'utc')::date, project.id, reply_to, trim($4)), 'utf8'
  )), 'hex');
  if exists (
    select from public.notifications as sent
    where sent.user_id = project.user_id and sent.type = 'contact_message' and sent.dedupe_key = message_hash
  ) then
    return;
  end if;
  if not (
    private.use_daily('contact from an address', private.caller_address(), 5)
    and private.use_daily('contact as an e-mail address', reply_to, 5)
  ) then
    raise exception 'You have sent as many messages today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  elsif not private.use_daily('contact to a user', project.user_id::text, 20) then
    raise exception 'This user has as many messages today as they take.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  end if;
  perform private.queue_notification(project.user_id, 'contact_message', message_hash, jsonb_build_object(
    'project', project.title, 'name', sender, 'email', reply_to, 'message', trim($4)
  ));
end
$$;
comment on function public.send_contact_message(uuid, text, text, text) is
  'Sends the owner of a project an e-mail that can be answered to `email`. Five a day from an address, twenty a day to a user.';

-- Whoever sees a project may write to its owner.
revoke all on function private.forget_contact_message() from public, anon, authenticated, service_role;
revoke all on function public.send_contact_message(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.send_contact_message(uuid, text, text, text) to anon, authenticated;

-- Reports of projects, and what operators did about them.

create table public.project_reports (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  reporter_id uuid references private.users (id) on delete cascade,
  reason text not null constraint project_reports_reason_known check (
    reason in ('spam', 'harassment', 'copyright', 'illegal', 'personal_data', 'malware', 'other')
  ),
  details text constraint project_reports_details_length check (char_length(details) between 1 and 2000),
  created_at timestamptz not null default now(),
  closed_at timestamptz
);
comment on table public.project_reports is
  e'What is wrong with a project, as somebody says; for operators.\n'
  '@graphql({"name": "ProjectReport", "foreign_keys": [{'
  '"local_columns": ["reporter_id"], "local_name": "reports", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "reporter"'
  '}]})';
comment on constraint project_reports_project_id_fkey on public.project_reports is
  '@graphql({"local_name": "reports", "foreign_name": "project"})';
comment on column public.project_reports.reporter_id is 'Who reported it; null: a visitor.';
comment on column public.project_reports.closed_at is 'When an operator hid the project or dismissed the report.';
create index project_reports_project_id_idx on public.project_reports (project_id);
create index project_reports_reporter_id_idx on public.project_reports (reporter_id);
-- What operators have to look at, the oldest first.
create index project_reports_open_idx on public.project_reports (created_at) where closed_at is null;

create table public.moderation_actions (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  action text not null constraint moderation_actions_action_known check (action in ('hide', 'unhide', 'dismiss')),
  operator text not null constraint moderation_actions_operator_length check (char_length(operator) between 1 and 100),
  reason text not null constraint moderation_actions_reason_length check (char_length(reason) between 1 and 500),
  created_at timestamptz not null default now()
);
comment on table public.moderation_actions is
  e'What operators did about projects, who and why: only ever added to.\n'
  '@graphql({"name": "ModerationAction"})';
comment on constraint moderation_actions_project_id_fkey on public.moderation_actions is
  '@graphql({"local_name": "moderationActions", "foreign_name": "project"})';
create index moderation_actions_project_id_idx on public.moderation_actions (project_id, created_at);

-- Twice from one address on one day is once. Definer: visitors write here and nowhere else.
create function public.report_project(project_id uuid, reason text, details text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  address constant text := private.caller_address();
  reporter constant uuid := (select profile.id from private.users as profile where profile.id = auth.uid());
begin
  if not exists (
    select from public.projects as known
    where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null
  ) then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.use_daily('reports', address, 20) then
    raise exception 'You have reported as many projects today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  elsif private.use_daily('report', concat_ws(' ', $1, coalesce(reporter::text, address)), 1)
    and private.use_daily('reports of a project', $1::text, 50)
  then
    insert into public.project_reports (project_id, reporter_id, reason, details)
    values ($1, reporter, $2, nullif(trim($3), ''));
  end if;
end
$$;
comment on function public.report_project(uuid, text, text) is
  'Tells the operators what is wrong with a project: spam, harassment, copyright, illegal, personal_data, malware or other.';

-- The one way to change what is hidden: with a name, a reason and an entry, all together.
create function public.moderate_project(project_id uuid, action text, operator text, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform from public.projects as project where project.id = $1 for no key update;
  if not found then
    raise exception 'There is no such project.' using errcode = 'PT404';
  end if;
  insert into public.moderation_actions (project_id, action, operator, reason) values ($1, $2, $3, $4);
  if $2 <> 'dismiss' then
    update public.projects as project set
      hidden_at = case $2 when 'hide' then coalesce(project.hidden_at, now()) end,
      hidden_reason = case $2 when 'hide' then $4 end
    where project.id = $1;
  end if;
  if $2 <> 'unhide' then
    update public.project_reports as report set closed_at = now() where report.project_id = $1 and report.closed_at is null;
  end if;
end
$$;
comment on function public.moderate_project(uuid, text, text, text) is
  'Operators: hide (the owner reads the reason), unhide, or dismiss the reports of a project; kept in moderation_actions.';

-- For operators, with the secret key: who reported what is nobody else's to read, and what was done is nobody's to change.
alter table public.project_reports enable row level security;
alter table public.moderation_actions enable row level security;

create policy "operators see the reports" on public.project_reports for select to service_role using (true);
create policy "operators see what was done" on public.moderation_actions for select to service_role using (true);

revoke all on table public.project_reports from anon, authenticated, service_role;
revoke all on table public.moderation_actions from anon, authenticated, service_role;
grant select on table public.project_reports to service_role;
grant select on table public.moderation_actions to service_role;

revoke all on function public.report_project(uuid, text, text) from public, anon, authenticated, service_role;
revoke all on function public.moderate_project(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.report_project(uuid, text, text) to anon, authenticated;
grant execute on function public.moderate_project(uuid, text, text, text) to service_role;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  ('former_usernames', 'private.former_usernames', 't.user_id = $1', 't.username_hash', '{}', true),
  ('former_slugs', 'private.former_slugs', 't.user_id = $1', 't.slug', '{}', true),
  (
    'project_search', 'private.project_search',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id::text', '{}', true
  ),
  (
    'project_previews', 'public.project_previews',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{token_hash}', true
  ),
  (
    'project_views', 'public.project_views',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.day::text', '{}', true
  ),
  ('project_reports', 'public.project_reports', 't.reporter_id = $1', 't.id::text', '{}', true),
  (
    'moderation_actions', 'public.moderation_actions',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{operator}', true
  );
