-- Images of a project, in the order in which they are shown.

create table public.project_images (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  url text not null check (url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(url) <= 2048),
  position int not null default 0 check (position >= 0),
  width int check (width > 0),
  height int check (height > 0)
);
comment on table public.project_images is
  e'Images of a project.\n'
  '@graphql({"name": "ProjectImage"})';
comment on constraint project_images_project_id_fkey on public.project_images is
  '@graphql({"local_name": "images", "foreign_name": "project"})';
comment on column public.project_images.url is 'The public address of the file, as a rule in the bucket project-media.';
comment on column public.project_images.width is 'Pixels, as it is shown; null for an image elsewhere.';
comment on column public.project_images.height is 'Pixels, as it is shown; null for an image elsewhere.';

-- The images of a project in their order; it serves the foreign key too.
create index project_images_project_id_position_idx on public.project_images (project_id, position);

-- confirmUpload has measured the image; what people send back is what they read.
create function private.keep_size() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
