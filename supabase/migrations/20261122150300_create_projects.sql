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
