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
