-- Projects: what a portfolio shows.

create table public.projects (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references private.users (id) on delete cascade,
  title text not null constraint projects_title_length check (char_length(title) between 1 and 200),
  short_summary text constraint projects_short_summary_length check (char_length(short_summary) <= 500),
  description text constraint projects_description_length check (char_length(description) <= 20000),
  status text not null default 'draft'
    constraint projects_status_choices check (status in ('draft', 'published', 'unlisted', 'archived')),
  live_link text
    constraint projects_live_link_address check (live_link ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$')
    constraint projects_live_link_length check (char_length(live_link) <= 2048),
  github_link text
    constraint projects_github_link_address check (
      github_link ~ '^https://github\.com/[A-Za-z0-9][A-Za-z0-9-]{0,38}/'
      '(?!\.{1,2}([/?]|$))[A-Za-z0-9._-]{1,100}/?([?][^[:space:]#]*)?$'
    )
    constraint projects_github_link_length check (char_length(github_link) <= 2048),
  linkedin_link text
    constraint projects_linkedin_link_address check (
      linkedin_link ~ '^https://www\.linkedin\.com/'
      '(feed/update/urn:li:(activity|share|ugcPost):[0-9]{1,25}'
      '|posts/[^[:space:]/?#]+-(activity|share|ugcPost)-[0-9]{1,25}-[A-Za-z0-9_-]+)'
      '/?([?][^[:space:]#]*)?$'
    )
    constraint projects_linkedin_link_length check (char_length(linkedin_link) <= 2048),
  twitter_link text
    constraint projects_twitter_link_address check (
      twitter_link ~ '^https://(x|twitter)\.com/[A-Za-z0-9_]{1,20}/status/[0-9]{1,25}/?([?][^[:space:]#]*)?$'
    )
    constraint projects_twitter_link_length check (char_length(twitter_link) <= 2048),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  position int not null default 0 constraint projects_position_range check (position >= 0),
  pinned boolean not null default false,
  slug text not null default '' constraint projects_slug_format check (slug ~ '^[a-z0-9]([a-z0-9_-]{0,78}[a-z0-9])?$'),
  published_at timestamptz,
  hidden_at timestamptz,
  hidden_reason text constraint projects_hidden_reason_length check (char_length(hidden_reason) between 1 and 500),
  constraint projects_slug_unique unique (user_id, slug),
  constraint projects_hidden_reason_required check ((hidden_at is null) = (hidden_reason is null))
);
comment on table public.projects is
  e'A project of a user: everybody sees it once it is published.\n'
  '@graphql({"name": "Project", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "projects", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on column public.projects.live_link is 'Where the project runs: http or https.';
comment on column public.projects.github_link is
  'The repository whose stars are counted: https://github.com/<owner>/<name>.';
comment on column public.projects.linkedin_link is
  'The post whose likes are counted: www.linkedin.com/feed/update/urn:li:... or www.linkedin.com/posts/...';
comment on column public.projects.twitter_link is
  'The post whose likes are counted: https://x.com/<handle>/status/<number>.';
comment on column public.projects.status is
  'draft and archived: for the owner. published: for everybody. unlisted: for those who know its address, and in no list.';
comment on column public.projects.position is 'The order on the owner''s page, set by reorder_projects; new ones come first.';
comment on column public.projects.pinned is 'Whether it comes before the others on the owner''s page.';
comment on column public.projects.slug is
  'The last part of its address, /<username>/<slug>; made from the title where none is given, and kept when the title changes.';
comment on column public.projects.published_at is 'When it was first published; null until then.';
comment on column public.projects.hidden_at is 'Since when an operator hides it from everybody but its owner.';
comment on column public.projects.hidden_reason is 'Why, for the owner to read.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint projects_title_length on public.projects is 'Title must have 1 to 200 characters.';
comment on constraint projects_short_summary_length on public.projects is 'Short summary must have 500 characters at most.';
comment on constraint projects_description_length on public.projects is 'Description must have 20,000 characters at most.';
comment on constraint projects_status_choices on public.projects is 'Status must be draft, published, unlisted or archived.';
comment on constraint projects_live_link_address on public.projects is
  'A web address that begins with http:// or https://, such as https://engine.example.com.';
comment on constraint projects_live_link_length on public.projects is 'Link must have 2,048 characters at most.';
comment on constraint projects_github_link_address on public.projects is
  'A repository on GitHub, such as https://github.com/ada/engine.';
comment on constraint projects_github_link_length on public.projects is 'GitHub link must have 2,048 characters at most.';
comment on constraint projects_linkedin_link_address on public.projects is
  'A post on LinkedIn, such as https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000001.';
comment on constraint projects_linkedin_link_length on public.projects is 'LinkedIn link must have 2,048 characters at most.';
comment on constraint projects_twitter_link_address on public.projects is
  'A post on X, such as https://x.com/ada/status/1700000000000000001.';
comment on constraint projects_twitter_link_length on public.projects is 'X link must have 2,048 characters at most.';
comment on constraint projects_position_range on public.projects is 'Position must be 0 or more.';
comment on constraint projects_slug_format on public.projects is
  'A slug must have 1 to 80 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint projects_hidden_reason_length on public.projects is 'Hidden reason must have 1 to 500 characters.';
comment on constraint projects_hidden_reason_required on public.projects is
  'A project that is hidden says why, and no other does.';
comment on constraint projects_slug_unique on public.projects is 'You have a project with this slug. Choose another.';

-- A user's projects, newest first; it serves the foreign key and the policies too.
create index projects_user_id_created_at_idx on public.projects (user_id, created_at desc);
-- The newest published projects of everybody.
create index projects_published_created_at_idx on public.projects (created_at desc) where status = 'published';
-- The same by when they were published.
create index projects_published_at_idx on public.projects (published_at desc) where status = 'published';

create trigger touch_updated_at before update on public.projects
  for each row execute function private.touch_updated_at();
create trigger touch_added before insert on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
create trigger keep_owner before update on public.projects
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

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
  perform private.lock_user_media((select auth.uid()));
  own := array(
    select project.id from public.projects as project
    where project.user_id = (select auth.uid())
    order by array_position(ids, project.id) nulls last, project.position, project.created_at desc, project.id
  );
  if ids is null or not ids <@ own then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif cardinality(ids) <> (select count(distinct wanted.id) from unnest(ids) as wanted (id)) then
    raise exception 'Name each project once.' using errcode = 'invalid_parameter_value', detail = 'field: ids';
  end if;
  update public.projects as project set position = wanted.place - 1
  from unnest(own) with ordinality as wanted (id, place)
  where project.id = wanted.id and project.position <> wanted.place - 1;
end
$$;
comment on function public.reorder_projects(uuid[]) is
  'Puts the caller''s projects into this order; those that are not named follow, as they were.';

create trigger canonicalize_added_links before insert on public.projects
  for each row execute function private.canonicalize_links();
-- Sent back as it was read, a link is not looked at again.
create trigger canonicalize_changed_links before update on public.projects
  for each row when (
    (old.live_link, old.github_link, old.linkedin_link, old.twitter_link)
    is distinct from (new.live_link, new.github_link, new.linkedin_link, new.twitter_link)
  )
  execute function private.canonicalize_links();
