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
comment on table public.projects is
  e'A project of a person: everybody sees it once it is published.\n'
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

-- A person's projects, newest first; it serves the foreign key and the policies too.
create index projects_user_id_created_at_idx on public.projects (user_id, created_at desc);
-- The newest published projects of everybody.
create index projects_published_created_at_idx on public.projects (created_at desc) where status = 'published';

create trigger touch_updated_at before update on public.projects
  for each row execute function private.touch_updated_at();
create trigger touch_added before insert on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
create trigger keep_owner before update on public.projects
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();
