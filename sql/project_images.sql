-- Images of a project, in the order in which they are shown.

create table public.project_images (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(url) <= 2048),
  position int not null default 0 check (position >= 0),
  width int check (width > 0),
  height int check (height > 0),
  alt_text text check (char_length(alt_text) <= 1000),
  caption text check (char_length(caption) <= 2000),
  is_cover boolean not null default false,
  renditions jsonb not null default '[]' check (jsonb_typeof(renditions) = 'array' and pg_column_size(renditions) <= 8192)
);
comment on table public.project_images is
  e'Images of a project.\n'
  '@graphql({"name": "ProjectImage"})';
comment on constraint project_images_project_id_fkey on public.project_images is
  '@graphql({"local_name": "images", "foreign_name": "project"})';
comment on column public.project_images.url is 'The public address of the file, as a rule in the bucket project-media.';
comment on column public.project_images.width is 'Pixels, as it is shown; null for an image elsewhere.';
comment on column public.project_images.height is 'Pixels, as it is shown; null for an image elsewhere.';

comment on column public.project_images.alt_text is 'What the image shows, for those who do not see it.';
comment on column public.project_images.caption is 'What is written below the image.';
comment on column public.project_images.is_cover is
  'Whether it stands for its project; of each project one at most. No foreign key of projects: two between the same '
  'tables would make every embedding of images ambiguous.';
comment on column public.project_images.renditions is
  'Smaller copies, the widest first: [{"url", "width", "height"}]; empty for an image elsewhere.';

-- The images of a project in their order; it serves the foreign key too.
create index project_images_project_id_position_idx on public.project_images (project_id, position);

-- confirmUpload has measured the image, and made its renditions; what people send back is what they read.
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
  perform private.take_media_turn(project.user_id) from public.projects as project
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
