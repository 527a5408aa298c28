-- Projects, number 2 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/projects/projects.sql

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
    raise exception 'Name each project once.' using errcode = 'invalid_parameter_value';
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

-- sql/projects/project_images.sql

-- Images of a project, in the order in which they are shown.

create table public.project_images (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null
    constraint project_images_url_format check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$')
    constraint project_images_url_length check (char_length(url) <= 2048),
  position int not null default 0 constraint project_images_position_range check (position >= 0),
  width int constraint project_images_width_range check (width > 0),
  height int constraint project_images_height_range check (height > 0),
  alt_text text constraint project_images_alt_text_length check (char_length(alt_text) <= 1000),
  caption text constraint project_images_caption_length check (char_length(caption) <= 2000),
  is_cover boolean not null default false,
  renditions jsonb not null default '[]'
    constraint project_images_renditions_type check (jsonb_typeof(renditions) = 'array')
    constraint project_images_renditions_size check (pg_column_size(renditions) <= 8192)
);
comment on table public.project_images is
  e'Images of a project.\n'
  '@graphql({"name": "ProjectImage"})';
comment on constraint project_images_project_id_fkey on public.project_images is
  '@graphql({"local_name": "images", "foreign_name": "project"})';
comment on column public.project_images.url is 'The public address of the file, as a rule in the bucket project-media.';
comment on column public.project_images.width is 'Pixels, as it is shown; null for an image elsewhere.';
comment on column public.project_images.height is 'Pixels, as it is shown; null for an image elsewhere.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_images_url_format on public.project_images is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/picture.png.';
comment on constraint project_images_url_length on public.project_images is 'URL must have 2,048 characters at most.';
comment on constraint project_images_position_range on public.project_images is 'Position must be 0 or more.';
comment on constraint project_images_width_range on public.project_images is 'Width must be 1 or more.';
comment on constraint project_images_height_range on public.project_images is 'Height must be 1 or more.';
comment on constraint project_images_alt_text_length on public.project_images is 'Alt text must have 1,000 characters at most.';
comment on constraint project_images_caption_length on public.project_images is 'Caption must have 2,000 characters at most.';
comment on constraint project_images_renditions_type on public.project_images is 'Renditions must be a list.';
comment on constraint project_images_renditions_size on public.project_images is 'Renditions must take 8,192 bytes at most.';

comment on column public.project_images.alt_text is 'What the image shows, for those who do not see it.';
comment on column public.project_images.caption is 'What is written below the image.';
comment on column public.project_images.is_cover is
  'Whether it stands for its project; of each project one at most. No foreign key of projects: two between the same '
  'tables would make every embedding of images ambiguous.';
comment on column public.project_images.renditions is
  'Smaller copies, the widest first: [{"url", "width", "height"}]; empty for an image elsewhere.';

-- The images of a project in their order; it serves the foreign key too.
create index project_images_project_id_position_idx on public.project_images (project_id, position);

-- confirmUpload has measured the image, and made its renditions; what users send back is what they read.
create function private.keep_size() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' and new.url = old.url then
    new.width := old.width;
    new.height := old.height;
    new.renditions := old.renditions;
  else
    new.width := null;
    new.height := null;
    new.renditions := '[]';
  end if;
  return new;
end
$$;
comment on function private.keep_size() is 'Trigger: an image has the size and the renditions that confirmUpload recorded, or none.';

create trigger keep_size before insert or update on public.project_images
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_size();

-- Another image becomes the cover: the one before is it no longer. Of several at once the first in order. No unique
-- index: it would refuse a statement that gives the cover to another, and a deferred constraint any `on conflict do nothing`.
create function private.keep_one_cover() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  chosen uuid[];
begin
  if tg_op = 'INSERT' then
    chosen := array(select changed.id from changed where changed.is_cover order by changed.position, changed.id);
  else
    chosen := array(
      select changed.id from changed join before on before.id = changed.id
      where changed.is_cover and not before.is_cover order by changed.position, changed.id
    );
  end if;
  if cardinality(chosen) = 0 then
    return null;
  end if;
  perform private.lock_user_media(project.user_id) from public.projects as project
  where project.id in (select image.project_id from public.project_images as image where image.id = any (chosen))
  order by project.id;
  update public.project_images as image set is_cover = false
  from (
    select distinct on (wanted.project_id) wanted.project_id, wanted.id from public.project_images as wanted
    where wanted.id = any (chosen) order by wanted.project_id, array_position(chosen, wanted.id)
  ) as cover
  where image.project_id = cover.project_id and image.is_cover and image.id <> cover.id;
  return null;
end
$$;
comment on function private.keep_one_cover() is 'Trigger: a project has one cover at most, the newest choice.';

create trigger keep_one_cover after insert on public.project_images referencing new table as changed
  for each statement execute function private.keep_one_cover();
create trigger keep_one_changed_cover after update on public.project_images
  referencing old table as before new table as changed
  for each statement execute function private.keep_one_cover();

-- sql/projects/project_videos.sql

-- Videos of a project, in the order in which they are shown.

create table public.project_videos (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null
    constraint project_videos_url_format check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$')
    constraint project_videos_url_length check (char_length(url) <= 2048),
  position int not null default 0 constraint project_videos_position_range check (position >= 0),
  alt_text text constraint project_videos_alt_text_length check (char_length(alt_text) <= 1000),
  caption text constraint project_videos_caption_length check (char_length(caption) <= 2000),
  poster_url text
    constraint project_videos_poster_url_format check (
      poster_url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$'
    )
    constraint project_videos_poster_url_length check (char_length(poster_url) <= 2048)
);
comment on table public.project_videos is
  e'Videos of a project.\n'
  '@graphql({"name": "ProjectVideo"})';
comment on constraint project_videos_project_id_fkey on public.project_videos is
  '@graphql({"local_name": "videos", "foreign_name": "project"})';
comment on column public.project_videos.url is 'The public address of the file, as a rule in the bucket project-media.';
comment on column public.project_videos.alt_text is 'What the video shows, for those who do not see it.';
comment on column public.project_videos.caption is 'What is written below the video.';
comment on column public.project_videos.poster_url is 'A still to show until the video plays, as HTML''s poster.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_videos_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/film.mp4.';
comment on constraint project_videos_url_length on public.project_videos is 'URL must have 2,048 characters at most.';
comment on constraint project_videos_position_range on public.project_videos is 'Position must be 0 or more.';
comment on constraint project_videos_alt_text_length on public.project_videos is 'Alt text must have 1,000 characters at most.';
comment on constraint project_videos_caption_length on public.project_videos is 'Caption must have 2,000 characters at most.';
comment on constraint project_videos_poster_url_format on public.project_videos is
  'A web address that begins with http:// or https://, without a user name, such as https://example.com/picture.png.';
comment on constraint project_videos_poster_url_length on public.project_videos is
  'Poster URL must have 2,048 characters at most.';

-- The videos of a project in their order; it serves the foreign key too.
create index project_videos_project_id_position_idx on public.project_videos (project_id, position);

-- sql/projects/project_tags.sql

-- Tags of a project.

create table public.project_tags (
  project_id uuid not null references public.projects (id) on delete cascade,
  tag text not null
    constraint project_tags_tag_length check (char_length(tag) between 1 and 50)
    constraint project_tags_tag_format check (tag ~ '^([^[:space:]](.*[^[:space:]])?)?$'),
  primary key (project_id, tag)
);
comment on table public.project_tags is
  e'Tags of a project, each once.\n'
  '@graphql({"name": "ProjectTag"})';
comment on constraint project_tags_project_id_fkey on public.project_tags is
  '@graphql({"local_name": "tags", "foreign_name": "project"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_tags_tag_length on public.project_tags is 'Tag must have 1 to 50 characters.';
comment on constraint project_tags_tag_format on public.project_tags is 'A tag neither begins nor ends with a space.';
comment on constraint project_tags_pkey on public.project_tags is 'The project has this tag.';

-- "React" and "react" are one: the spelling that the project has already is kept, so that an upsert meets its row. A row may
-- change its own spelling.
create function private.keep_spelling() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  field constant text := tg_argv[0];
  spelled text;
begin
  execute format(
    'select kept.%1$I from public.%2$I as kept where kept.project_id = $1 and lower(kept.%1$I) = lower($2.%1$I)',
    field, tg_table_name
  ) into spelled using new.project_id, new;
  if spelled is not null then
    new := jsonb_populate_record(new, jsonb_build_object(field, spelled));
  end if;
  return new;
end
$$;
comment on function private.keep_spelling() is
  'Trigger: the column that it names is spelled as the project''s row that differs in case alone.';

create trigger keep_added_spelling before insert on public.project_tags
  for each row execute function private.keep_spelling('tag');
create trigger keep_changed_spelling before update on public.project_tags
  for each row when (old.project_id <> new.project_id or lower(old.tag) <> lower(new.tag))
  execute function private.keep_spelling('tag');
-- Unique where two write at once; in this order it finds the projects of a tag in any spelling too.
create unique index project_tags_lower_tag_idx on public.project_tags (lower(tag), project_id);

-- sql/projects/project_technologies.sql

-- Technologies of a project.

create table public.project_technologies (
  project_id uuid not null references public.projects (id) on delete cascade,
  technology text not null
    constraint project_technologies_technology_length check (char_length(technology) between 1 and 50)
    constraint project_technologies_technology_format check (technology ~ '^([^[:space:]](.*[^[:space:]])?)?$'),
  primary key (project_id, technology)
);
comment on table public.project_technologies is
  e'Technologies of a project, each once.\n'
  '@graphql({"name": "ProjectTechnology"})';
comment on constraint project_technologies_project_id_fkey on public.project_technologies is
  '@graphql({"local_name": "technologies", "foreign_name": "project"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_technologies_technology_length on public.project_technologies is
  'Technology must have 1 to 50 characters.';
comment on constraint project_technologies_technology_format on public.project_technologies is
  'A technology neither begins nor ends with a space.';
comment on constraint project_technologies_pkey on public.project_technologies is 'The project has this technology.';

create trigger keep_added_spelling before insert on public.project_technologies
  for each row execute function private.keep_spelling('technology');
create trigger keep_changed_spelling before update on public.project_technologies
  for each row when (old.project_id <> new.project_id or lower(old.technology) <> lower(new.technology))
  execute function private.keep_spelling('technology');
-- Unique where two write at once; in this order it finds the projects of a technology in any spelling too.
create unique index project_technologies_lower_technology_idx on public.project_technologies (lower(technology), project_id);

-- sql/projects/project_slugs.sql

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
    perform private.lock_user_media(new.user_id);
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

-- policies/projects.sql

-- Who may read, write and call what of projects: row-level security, and grants by column where a row mixes public and private.

-- Visitors see what is published and not hidden; users see and change their own as well.
alter table public.projects enable row level security;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published' and hidden_at is null);
create policy "users see published projects and their own" on public.projects for select to authenticated
  using ((status = 'published' and hidden_at is null) or user_id = (select auth.uid()));
create policy "users add their own projects" on public.projects for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "users change their own projects" on public.projects for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "users delete their own projects" on public.projects for delete to authenticated
  using (user_id = (select auth.uid()));

-- Every column may be written, so that a row that was read can be sent back; what id and user_id may be is for the
-- policies and the trigger keep_owner to say, and triggers keep the times.
revoke all on table public.projects from anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role;
grant insert, update, delete on table public.projects to authenticated, service_role;

revoke all on function private.keep_publication() from public, anon, authenticated, service_role;
revoke all on function public.reorder_projects(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_projects(uuid[]) to authenticated;

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

revoke all on function private.keep_size() from public;
revoke all on function private.keep_one_cover() from public, anon, authenticated, service_role;

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

revoke all on function private.keep_spelling() from public, anon, authenticated, service_role;

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

reset check_function_bodies;
