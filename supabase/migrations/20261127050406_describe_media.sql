-- Images and videos say what they show; a changed position moves; profiles have pictures of their own.

alter table public.project_images
  add column alt_text text check (char_length(alt_text) <= 1000),
  add column caption text check (char_length(caption) <= 2000),
  add column is_cover boolean not null default false,
  add column renditions jsonb not null default '[]'
    check (jsonb_typeof(renditions) = 'array' and pg_column_size(renditions) <= 8192);
comment on column public.project_images.alt_text is 'What the image shows, for those who do not see it.';
comment on column public.project_images.caption is 'What is written below the image.';
comment on column public.project_images.is_cover is
  'Whether it stands for its project; of each project one at most. No foreign key of projects: two between the same '
  'tables would make every embedding of images ambiguous.';
comment on column public.project_images.renditions is
  'Smaller copies, the widest first: [{"url", "width", "height"}]; empty for an image elsewhere.';

create or replace function private.keep_size() returns trigger
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

revoke all on function private.keep_one_cover() from public, anon, authenticated, service_role;

alter table public.project_videos
  add column alt_text text check (char_length(alt_text) <= 1000),
  add column caption text check (char_length(caption) <= 2000),
  add column poster_url text check (
    poster_url ~* '^https?://[^[:space:]/?#@]+([/?#][^[:space:]]*)?$' and char_length(poster_url) <= 2048
  );
comment on column public.project_videos.alt_text is 'What the video shows, for those who do not see it.';
comment on column public.project_videos.caption is 'What is written below the video.';
comment on column public.project_videos.poster_url is 'A still to show until the video plays, as HTML''s poster.';

-- Two could stand in one place once, after a PATCH.
do $$
declare
  project public.projects;
begin
  for project in select * from public.projects order by id loop
    perform private.place_media(kind, private.hold_media(kind, project.id)) from unnest(array['image', 'video']) as kind;
  end loop;
end
$$;

-- A changed position moves a row there, and the others make room: what several ask for at once comes in the order of
-- position and id. place_media itself runs below a trigger, or names places that are taken by nobody else.
create function private.move_media() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
  moved uuid[];
  places int[];
  others uuid[];
  placed uuid[];
begin
  for project in
    select * from public.projects as known where known.id in (
      select changed.project_id from changed join before on before.id = changed.id
      where changed.position <> before.position
    ) order by known.id
  loop
    perform private.take_media_turn(project.user_id);
    select
      array_agg(wanted.id order by wanted.position, wanted.id),
      array_agg(wanted.position order by wanted.position, wanted.id)
      into moved, places
    from (
      select changed.id, changed.position from changed join before on before.id = changed.id
      where changed.project_id = project.id and changed.position <> before.position
    ) as wanted;
    select coalesce(array_agg(held.id order by held.place), '{}') into others
    from unnest(private.hold_media(kind, project.id)) with ordinality as held (id, place)
    where held.id <> all (moved);
    placed := '{}';
    while cardinality(moved) + cardinality(others) > 0 loop
      if cardinality(others) = 0 or (cardinality(moved) > 0 and places[1] <= cardinality(placed)) then
        placed := placed || moved[1];
        moved := moved[2:];
        places := places[2:];
      else
        placed := placed || others[1];
        others := others[2:];
      end if;
    end loop;
    perform private.place_media(kind, placed);
  end loop;
  return null;
end
$$;
comment on function private.move_media() is 'Trigger: a changed position moves an image or video there.';

create trigger move after update on public.project_images referencing old table as before new table as changed
  for each statement when (pg_trigger_depth() = 0) execute function private.move_media();
create trigger move after update on public.project_videos referencing old table as before new table as changed
  for each statement when (pg_trigger_depth() = 0) execute function private.move_media();

revoke all on function private.move_media() from public, anon, authenticated, service_role;

-- Renditions and posters lie beside the file that they were made from, as <upload>-<what>.<ending>.
create function private.media_file_stem(name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select substring(name from '^([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36})(?:-[a-z0-9]+)?\.[a-z0-9]{3,4}$')
$$;
comment on function private.media_file_stem(text) is
  'What the names of a file that confirmUpload stored, and of those made from it, have in common: <user>/<project>/<upload>.';

create function private.queue_media_files(name text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.file_removals (bucket_id, name)
  select 'project-media', $1 where $1 is not null
  union
  select object.bucket_id, object.name from storage.objects as object
  where object.bucket_id = 'project-media' and starts_with(object.name, private.media_file_stem($1))
  on conflict do nothing
$$;
comment on function private.queue_media_files(text) is 'Queues a stored file, and what was made from it, for removal.';

revoke all on function private.media_file_stem(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_files(text) from public, anon, authenticated, service_role;

create or replace function private.queue_media_file_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_media_files(file.name) from private.media_file_name(old.url) as file (name)
  where split_part(file.name, '/', 2) = old.project_id::text;
  return null;
end
$$;
comment on function private.queue_media_file_removal() is 'Trigger: a row''s files go with the row.';

-- Pictures of profiles, which confirmUpload stores as <user>/<upload>.<ending>; the row is private.users.avatar_url.

insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'avatars', 'avatars', true, 10 * 1024 * 1024,
  array['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif']
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create function private.avatar_file_name(url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select substring(url from '/storage/v1/object/public/avatars/([0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4})$')
$$;
comment on function private.avatar_file_name(text) is 'The file behind an avatar''s address, where confirmUpload stored it.';

create function private.queue_avatar_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.file_removals (bucket_id, name)
  select 'avatars', file.name from private.avatar_file_name(old.avatar_url) as file (name)
  where split_part(file.name, '/', 1) = old.id::text
  on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_avatar_removal() is 'Trigger: an avatar''s file goes when the profile shows another.';

create trigger queue_avatar_removal after update on private.users
  for each row when (old.avatar_url is distinct from new.avatar_url) execute function private.queue_avatar_removal();

-- Everybody sees an avatar by its address; users list and remove their own (policies/storage.sql); handlers write.
revoke all on function private.avatar_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_avatar_removal() from public, anon, authenticated, service_role;

alter policy "people see their own files" on storage.objects
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
alter policy "people remove their own files" on storage.objects
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );

create or replace function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case $1
    when 'project-media' then exists (
      select from public.projects as project join public.project_images as image on image.project_id = project.id
      where project.user_id = private.folder_id($2, 1)
        and private.media_file_stem(private.media_file_name(image.url)) = private.media_file_stem($2)
    ) or exists (
      select from public.projects as project join public.project_videos as video on video.project_id = project.id
      where project.user_id = private.folder_id($2, 1)
        and private.media_file_stem(private.media_file_name(video.url)) = private.media_file_stem($2)
    )
    when 'avatars' then exists (
      select from private.users as profile
      where profile.id = private.folder_id($2, 1) and private.avatar_file_name(profile.avatar_url) = $2
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

create or replace function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_stem(private.media_file_name(image.url)) as stem from public.project_images as image
    union select private.media_file_stem(private.media_file_name(video.url)) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as person where person.id::text = split_part(object.name, '/', 1))
        or (
          object.bucket_id in ('uploads', 'avatars', 'qr-codes', 'account-exports')
          and not private.is_file_wanted(object.bucket_id, object.name)
        )
        or (
          object.bucket_id = 'project-media'
          and private.media_file_stem(object.name) is not null
          and not exists (select from shown where shown.stem = private.media_file_stem(object.name))
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

alter table private.media_uploads alter column project_id drop not null;
alter table private.media_uploads drop constraint media_uploads_kind_check;
alter table private.media_uploads add constraint media_uploads_kind_check check (kind in ('image', 'video', 'avatar'));
alter table private.media_uploads add constraint media_uploads_target_check
  check ((kind = 'avatar') = (project_id is null));
comment on column private.media_uploads.media_id is 'The row of project_images or project_videos that it became; of an avatar its user.';

create or replace function public.create_media_upload(
  user_id uuid, project_id uuid, kind text, content_type text, size bigint, limits jsonb, lifetime_seconds int
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  project public.projects;
  places constant int := (select (limits ->> person.tier)::int from private.users as person where person.id = $1);
  upload private.media_uploads;
begin
  select * into project from public.projects as found where found.id = $2 for no key update;
  if $3 = 'avatar' then
    null; -- the quota alone limits it
  elsif project.id is null or (project.user_id <> $1 and project.status <> 'published') then
    return '{"reason": "project_not_found"}';
  elsif project.user_id <> $1 then
    return '{"reason": "not_the_owner"}';
  elsif places <= private.count_media($3, $2) + (
    select count(*) from private.media_uploads as waiting
    where waiting.project_id = $2 and waiting.kind = $3 and waiting.status = 'pending' and waiting.expires_at > now()
  ) then
    return jsonb_build_object('reason', 'too_many', 'limit', places);
  end if;
  perform from private.storage_usage as usage where usage.user_id = $1 for update;
  if not private.within_storage_quota($1, $5, 1) then
    return '{"reason": "storage_quota_exceeded"}';
  end if;
  insert into private.media_uploads (user_id, project_id, kind, content_type, size, expires_at)
  values ($1, $2, $3, $4, $5, now() + make_interval(secs => lifetime_seconds))
  returning * into upload;
  return to_jsonb(upload);
end
$$;
comment on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) is
  'Announces an upload to one''s own project, or of an avatar, within the limits of one''s tier; {"reason"} where it may not be.';

create function public.renew_media_upload_lease(upload_id uuid, lease_seconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.media_uploads as upload set leased_until = now() + make_interval(secs => $2)
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.renew_media_upload_lease(uuid, int) is 'Keeps the lease of an upload that takes long to check.';

revoke all on function public.renew_media_upload_lease(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.renew_media_upload_lease(uuid, int) to service_role;

create or replace function private.media_row(kind text, media_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(image) from public.project_images as image where $1 = 'image' and image.id = $2
  union all
  select to_jsonb(video) from public.project_videos as video where $1 = 'video' and video.id = $2
  union all
  select jsonb_build_object('id', profile.id, 'url', profile.avatar_url) from private.users as profile
  where $1 = 'avatar' and profile.id = $2
$$;
comment on function private.media_row(text, uuid) is 'A row of project_images or project_videos, or an avatar.';

drop function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int);

-- What a confirmed upload became, while that is there: an avatar until the profile shows another.
create function private.confirmed_media(upload private.media_uploads) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select medium from private.media_row(upload.kind, upload.media_id) as medium
  where upload.kind <> 'avatar' or strpos(medium ->> 'url', upload.id::text) > 0
$$;
comment on function private.confirmed_media(private.media_uploads) is 'The row of a confirmed upload; null where it is gone.';

-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null,
  renditions jsonb default '[]', poster_url text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
  elsif upload.status = 'expired' then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.confirmed_media(upload), '{"reason": "upload_not_found"}');
  elsif upload.kind = 'avatar' then
    update private.users as profile set avatar_url = $3 where profile.id = $1;
    update private.media_uploads as waiting set status = 'confirmed', media_id = $1 where waiting.id = $2;
    return private.media_row('avatar', $1);
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    perform private.queue_media_files(private.media_file_name($3));
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height, renditions)
    values (upload.project_id, $3, $5, $6, $7) returning id into medium;
  else
    insert into public.project_videos (project_id, url, poster_url)
    values (upload.project_id, $3, $8) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';

create function public.get_media_upload(user_id uuid, upload_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'kind', upload.kind, 'reason', upload.reason,
    'media', case when upload.status = 'confirmed' then private.confirmed_media(upload) end,
    'status', case when upload.status = 'pending' and upload.leased_until > now() then 'checking' else upload.status end
  ) from private.media_uploads as upload where upload.id = $2 and upload.user_id = $1
$$;
comment on function public.get_media_upload(uuid, uuid) is
  'How far an upload of this user''s is: pending, checking, confirmed (with its row), rejected (with the reason) or expired.';

revoke all on function private.confirmed_media(private.media_uploads) from public, anon, authenticated, service_role;
revoke all on function public.get_media_upload(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text)
  from public, anon, authenticated, service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text) to service_role;
grant execute on function public.get_media_upload(uuid, uuid) to service_role;
