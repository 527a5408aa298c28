-- Media, number 7 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/media/storage.sql

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

-- The id that a part of a file's name is; null where it is none.
create function private.folder_id(name text, place int) returns uuid
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case
    when split_part($1, '/', $2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then split_part($1, '/', $2)::uuid
  end
$$;
comment on function private.folder_id(text, int) is 'The id in one part of a file''s name.';

-- sql/media/file_removals.sql

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

-- The name of a file that confirmUpload stored, <user>/<project>/<upload>.<ending>, from the address in its row.
create function private.media_file_name(url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select substring(
    url from '/storage/v1/object/public/project-media/([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4})$'
  )
$$;
comment on function private.media_file_name(text) is 'The file behind an address, where confirmUpload stored it.';

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

-- Users link to what they like elsewhere; a stored file's row comes from confirmUpload, which counts it. Otherwise who
-- deletes a row and puts it back, before its file has gone, has more files than places.
create function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
comment on function private.refuse_stored_file() is 'Trigger: users add no rows for stored files themselves.';

create trigger refuse_stored_file before insert on public.project_images
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();
create trigger refuse_stored_file before insert on public.project_videos
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();

-- A row's file lies in its project's folder, goes with it, and is counted there: neither moves to another project.
create function private.keep_project() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
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

-- A row's address is its owner's to choose: only a file in the folder of the row's own project goes with the row.
create function private.queue_media_file_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_media_files(file.name) from private.media_file_name(old.url) as file (name)
  where split_part(file.name, '/', 2) = old.project_id::text;
  return null;
end
$$;
comment on function private.queue_media_file_removal() is 'Trigger: a row''s files go with the row.';

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
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into private.file_removals (bucket_id, name)
  select object.bucket_id, object.name from storage.objects as object where starts_with(object.name, folder || '/')
  on conflict do nothing
$$;
comment on function private.queue_folder_removal(text) is 'Queues every file below a folder for removal.';

create function private.queue_project_folder_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  return null;
end
$$;
comment on function private.queue_project_folder_removal() is 'Trigger: a project''s files go with the project.';

create trigger queue_file_removal after delete on public.projects
  for each row execute function private.queue_project_folder_removal();

create function private.queue_user_folder_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_folder_removal(old.id::text);
  return null;
end
$$;
comment on function private.queue_user_folder_removal() is 'Trigger: a user''s files go with the user.';

create trigger queue_file_removal after delete on private.users
  for each row execute function private.queue_user_folder_removal();

-- sql/media/avatars.sql

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

-- sql/media/media_uploads.sql

-- Uploads on their way: announced, sent to a bucket that nobody reads, checked, and only then shown.

-- No policy opens it: files come in by signed address and go out through confirmUpload.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'uploads', 'uploads', false, 50 * 1024 * 1024,
  array[
    'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'image/heic', 'image/heif',
    'video/mp4', 'video/webm', 'video/quicktime'
  ]
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create table private.media_uploads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  project_id uuid references public.projects (id) on delete cascade,
  kind text not null check (kind in ('image', 'video', 'avatar')),
  content_type text not null check (char_length(content_type) <= 100),
  size bigint not null check (size > 0),
  status text not null default 'pending' check (status in ('pending', 'confirmed', 'rejected', 'expired')),
  reason text check (char_length(reason) <= 100),
  media_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  leased_until timestamptz,
  sent_at timestamptz,
  constraint media_uploads_target_check check ((kind = 'avatar') = (project_id is null))
);
comment on table private.media_uploads is
  'Files that are expected or were checked; the file is uploads/<user_id>/<id>.';
comment on column private.media_uploads.leased_until is
  'Until when somebody checks its file: nobody else does meanwhile.';
comment on column private.media_uploads.sent_at is
  'When its file arrived: from then on the quota counts the file, not the announcement.';
comment on column private.media_uploads.media_id is 'The row of project_images or project_videos that it became; of an avatar its user.';

create index media_uploads_user_id_idx on private.media_uploads (user_id);
-- How many are on their way to a project; it serves the foreign key too.
create index media_uploads_project_id_idx on private.media_uploads (project_id, kind);
create index media_uploads_expires_at_idx on private.media_uploads (expires_at);

-- What was sent goes when its upload is over, however it ended.
create function private.queue_upload_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql stable set search_path = pg_catalog, pg_temp as $$
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
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  project public.projects;
  places constant int := (select (limits ->> profile.tier)::int from private.users as profile where profile.id = $1);
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

-- Locked rows are passed over: those are being checked, or another caller expires them.
create function public.expire_media_uploads(user_id uuid default null) returns int
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with expired as (
    update private.media_uploads as upload set status = 'expired' where upload.id in (
      select overdue.id from private.media_uploads as overdue
      where overdue.status = 'pending' and overdue.expires_at <= now() and ($1 is null or overdue.user_id = $1)
        and (overdue.leased_until is null or overdue.leased_until <= now())
      for update skip locked
    ) returning true
  )
  select count(*)::int from expired
$$;
comment on function public.expire_media_uploads(uuid) is
  'Ends announced uploads (of one user) that are overdue: they reserve nothing, and their files go; how many.';

-- Checking a file takes memory and time: one request does it, however many ask. Who dies meanwhile keeps it until the
-- lease ends.
create function public.lease_media_upload(user_id uuid, upload_id uuid, lease_seconds int) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
comment on function public.lease_media_upload(uuid, uuid, int) is
  'An upload of this user''s, to check where it is pending; its status is busy while somebody does.';

create function public.release_media_upload(upload_id uuid) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with released as (
    update private.media_uploads as upload set leased_until = null
    where upload.id = $1 and upload.status = 'pending' returning true
  )
  select exists (select from released)
$$;
comment on function public.release_media_upload(uuid) is
  'Lets others check an upload; whether it is still to be checked.';

create function public.renew_media_upload_lease(upload_id uuid, lease_seconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.media_uploads as upload set leased_until = now() + make_interval(secs => $2)
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.renew_media_upload_lease(uuid, int) is 'Keeps the lease of an upload that takes long to check.';

-- sql/media/media_confirmations.sql

-- What becomes of an upload that was checked.

-- The row as PostgREST would show it, with its kind.
create function private.media_row(kind text, media_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(image) from public.project_images as image where $1 = 'image' and image.id = $2
  union all
  select to_jsonb(video) from public.project_videos as video where $1 = 'video' and video.id = $2
  union all
  select jsonb_build_object('id', profile.id, 'url', profile.avatar_url) from private.users as profile
  where $1 = 'avatar' and profile.id = $2
$$;
comment on function private.media_row(text, uuid) is 'A row of project_images or project_videos, or an avatar.';

-- What a confirmed upload became, while that is there: an avatar until the profile shows another.
create function private.confirmed_media(upload private.media_uploads) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select medium from private.media_row(upload.kind, upload.media_id) as medium
  where upload.kind <> 'avatar' or strpos(medium ->> 'url', upload.id::text) > 0
$$;
comment on function private.confirmed_media(private.media_uploads) is 'The row of a confirmed upload; null where it is gone.';

-- Locks in one order everywhere: the user's media, the project, then the upload.
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
  perform private.lock_user_media($1);
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
  earlier := private.lock_media_rows(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> profile.tier)::int from private.users as profile where profile.id = $1) then
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

create function public.reject_media_upload(upload_id uuid, reason text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.media_uploads as upload set status = 'rejected', reason = $2
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.reject_media_upload(uuid, text) is
  'Closes an upload whose file did not pass; its file goes.';

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

-- sql/media/storage_quotas.sql

-- One quota of bytes and files per user, over all buckets. Data, so that an operator changes it by an UPDATE.

create table public.storage_quotas (
  tier text primary key constraint storage_quotas_tier_choices check (tier in ('free', 'paid')),
  max_bytes bigint not null constraint storage_quotas_max_bytes_range check (max_bytes >= 0),
  max_files int not null constraint storage_quotas_max_files_range check (max_files >= 0)
);
comment on table public.storage_quotas is
  e'How much a user of each tier may store, over all buckets.\n'
  '@graphql({"name": "StorageQuota"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint storage_quotas_tier_choices on public.storage_quotas is 'Tier must be free or paid.';
comment on constraint storage_quotas_max_bytes_range on public.storage_quotas is 'Max bytes must be 0 or more.';
comment on constraint storage_quotas_max_files_range on public.storage_quotas is 'Max files must be 0 or more.';

insert into public.storage_quotas (tier, max_bytes, max_files) values
  ('free', 500 * 1024 * 1024, 2000),
  ('paid', 10::bigint * 1024 * 1024 * 1024, 20000);

-- Counters: an upload must not add up all files of its user.
create table private.storage_usage (
  user_id uuid primary key references private.users (id) on delete cascade,
  used_bytes bigint not null default 0,
  used_files bigint not null default 0,
  reserved_bytes bigint not null default 0,
  reserved_files bigint not null default 0
);
comment on table private.storage_usage is
  'How much each user stores: the sums over storage.objects and over uploads that were announced or begun.';
comment on column private.storage_usage.used_bytes is
  'Of the files below the user''s folder in every bucket but account-exports, which holds copies of them.';
comment on column private.storage_usage.reserved_bytes is
  'Of announced uploads whose file has not arrived, and of parts of S3 multipart uploads.';

create function private.create_storage_usage() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.storage_usage (user_id) values (new.id);
  return null;
end
$$;
comment on function private.create_storage_usage() is 'Trigger: the counters of a new user.';

create trigger create_storage_usage after insert on private.users
  for each row execute function private.create_storage_usage();

-- Called with the user's counters locked. Overdue announcements are released only where room is short: no job needs to
-- have run before.
create function private.within_storage_quota(user_id uuid, more_bytes bigint, more_files bigint) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  within boolean;
begin
  for attempt in 1..2 loop
    select not exists (
      select from private.storage_usage as usage
      join private.users as owner on owner.id = usage.user_id
      join public.storage_quotas as quota on quota.tier = owner.tier
      where usage.user_id = $1 and (
        usage.used_bytes + usage.reserved_bytes + $2 > quota.max_bytes
        or usage.used_files + usage.reserved_files + $3 > quota.max_files
      )
    ) into within;
    exit when within or public.expire_media_uploads($1) = 0;
  end loop;
  return within;
end
$$;
comment on function private.within_storage_quota(uuid, bigint, bigint) is
  'Whether a user may store so much more; a negative number is what is about to go.';

create function public.get_storage_usage() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(usage) - 'user_id' || jsonb_build_object('max_bytes', quota.max_bytes, 'max_files', quota.max_files)
  from private.storage_usage as usage
  join private.users as owner on owner.id = usage.user_id
  join public.storage_quotas as quota on quota.tier = owner.tier
  where usage.user_id = (select auth.uid())
$$;
comment on function public.get_storage_usage() is
  'The caller''s storage: used_bytes, used_files, reserved_bytes, reserved_files, max_bytes, max_files.';

-- sql/media/storage_usage.sql

-- Counts what users store, and refuses what exceeds their quota, for any writer: users, handlers, Storage itself.
-- Triggers on Storage's tables, which hosted projects allow; policies alone would let handlers' writes pass.

-- Storage tests an upload by a row with `contentLength` that it rolls back, and stores the final row with `size`.
create function private.object_size(metadata jsonb) returns bigint
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select coalesce(substring(coalesce(metadata ->> 'size', metadata ->> 'contentLength') from '^[0-9]{1,15}$')::bigint, 0)
$$;
comment on function private.object_size(jsonb) is 'Bytes of a stored file, by the metadata of its row.';

create function private.add_storage_usage(
  user_id uuid, used_bytes bigint, used_files bigint, reserved_bytes bigint, reserved_files bigint
) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.storage_usage as usage set
    used_bytes = usage.used_bytes + $2, used_files = usage.used_files + $3,
    reserved_bytes = usage.reserved_bytes + $4, reserved_files = usage.reserved_files + $5
  where usage.user_id = $1
$$;
comment on function private.add_storage_usage(uuid, bigint, bigint, bigint, bigint) is
  'Adds to a user''s counters, and keeps them locked until the transaction ends.';

-- S3 multipart uploads begun, of one file or of all. Storage makes that table; not every Storage has it or shows it.
create function private.multipart_uploads(of_bucket text default null, of_name text default null)
returns table (bucket_id text, name text, bytes bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if has_table_privilege(to_regclass('storage.s3_multipart_uploads'), 'select') then
    return query execute
      'select bucket_id, key::text, in_progress_size::bigint from storage.s3_multipart_uploads
       where $1 is null or (bucket_id = $1 and key = $2 collate "C")' using of_bucket, of_name;
  end if;
end
$$;
comment on function private.multipart_uploads(text, text) is
  'The S3 multipart uploads that are under way, with the bytes of their parts.';

-- Once a file is complete, its parts go, or the sent file that it was made from: meanwhile both are there.
create function private.size_to_be_freed(added storage.objects[], out bytes bigint, out files bigint)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(source.bytes), 0), count(*) from (
    select distinct sent.name, private.object_size(sent.metadata) as bytes
    from unnest($1) as added
    join storage.objects as sent on sent.bucket_id = 'uploads' and sent.name =
      split_part(added.name, '/', 1) || '/' || substring(added.name from '([0-9a-f-]{36})[^/]*$')
    where added.bucket_id in ('project-media', 'avatars')
    union all
    select part.name, part.bytes from unnest($1) as added
    cross join private.multipart_uploads(added.bucket_id, added.name) as part
  ) as source
$$;
comment on function private.size_to_be_freed(storage.objects[]) is 'What goes as soon as these files are complete.';

-- Real Storage limits no body without Content-Length: such a body is refused before it is read where it says that it
-- comes (only uploads of a single body can be without), and what was stored larger than its bucket allows is not kept.
create function private.check_object_sizes(added storage.objects[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from unnest(added) as object
    where object.bucket_id in ('ai-assets', 'uploads') and coalesce(
      object.metadata ->> 'size', object.metadata ->> 'contentLength'
    ) is null
  ) and current_setting('storage.operation', true) in (
    'storage.object.upload', 'storage.object.upload_update', 'storage.object.upload_signed'
  ) then
    raise exception 'Send the file with its Content-Length.' using errcode = 'insufficient_privilege';
  elsif exists (
    select from unnest(added) as object join storage.buckets as bucket on bucket.id = object.bucket_id
    where object.metadata ? 'size' and private.object_size(object.metadata) > bucket.file_size_limit
  ) then
    raise exception 'The file is larger than its bucket allows.' using errcode = 'insufficient_privilege';
  end if;
end
$$;
comment on function private.check_object_sizes(storage.objects[]) is
  'Refuses files without a declared length, and files larger than their bucket allows.';

-- By statement and in the order of users: two requests that remove files of the same users do not wait for each other.
create function private.count_objects() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old_objects storage.objects[];
  new_objects storage.objects[];
  change record;
begin
  if tg_op <> 'INSERT' then
    select array_agg(removed) into old_objects from removed;
  end if;
  if tg_op <> 'DELETE' then
    select array_agg(added) into new_objects from added;
    perform private.check_object_sizes(new_objects);
    -- From here on the file itself is counted, not its announcement.
    update private.media_uploads as upload set sent_at = now() from unnest(new_objects) as sent
    where sent.bucket_id = 'uploads' and upload.sent_at is null
      and upload.user_id = private.folder_id(sent.name, 1) and upload.id = private.folder_id(sent.name, 2);
  end if;
  for change in
    select private.folder_id(counted.name, 1) as user_id, sum(counted.bytes) as bytes, sum(counted.files) as files
    from (
      select gone.bucket_id, gone.name, -private.object_size(gone.metadata) as bytes, -1 as files
      from unnest(old_objects) as gone
      union all
      select come.bucket_id, come.name, private.object_size(come.metadata), 1 from unnest(new_objects) as come
    ) as counted
    where counted.bucket_id <> 'account-exports'
    group by 1 having sum(counted.bytes) <> 0 or sum(counted.files) <> 0 order by 1
  loop
    perform private.add_storage_usage(change.user_id, change.bytes::bigint, change.files, 0, 0);
    if (change.bytes > 0 or change.files > 0) and not (
      select private.within_storage_quota(change.user_id, -freed.bytes, -freed.files)
      from private.size_to_be_freed(new_objects) as freed
    ) then
      perform private.refuse_above_quota();
    end if;
  end loop;
  return null;
end
$$;
comment on function private.count_objects() is 'Trigger: counts files, and refuses those that exceed the quota.';

create trigger count_added after insert on storage.objects referencing new table as added
  for each statement execute function private.count_objects();
create trigger count_changed after update on storage.objects referencing old table as removed new table as added
  for each statement execute function private.count_objects();
create trigger count_removed after delete on storage.objects referencing old table as removed
  for each statement execute function private.count_objects();

-- sql/media/storage_reservations.sql

-- What is reserved of a quota: announced uploads, and the parts of S3 multipart uploads.

-- Storage passes on the message of this SQLSTATE, as a 403.
create function private.refuse_above_quota() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'Storage quota exceeded: delete files first, or take a larger plan.'
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.refuse_above_quota() is 'Raises the error that functions answer as storage_quota_exceeded.';

-- Only create_media_upload adds announcements, and it asks for room first.
create function private.count_media_uploads() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  old_uploads private.media_uploads[];
  new_uploads private.media_uploads[];
  change record;
begin
  if tg_op <> 'INSERT' then
    select array_agg(removed) into old_uploads from removed;
  end if;
  if tg_op <> 'DELETE' then
    select array_agg(added) into new_uploads from added;
  end if;
  for change in
    select counted.user_id, sum(counted.sign * counted.size) as bytes, sum(counted.sign) as files
    from (
      select gone.user_id, gone.size, gone.status, gone.sent_at, -1 as sign from unnest(old_uploads) as gone
      union all
      select come.user_id, come.size, come.status, come.sent_at, 1 from unnest(new_uploads) as come
    ) as counted
    where counted.status = 'pending' and counted.sent_at is null
    group by 1 having sum(counted.sign) <> 0 order by 1
  loop
    perform private.add_storage_usage(change.user_id, 0, 0, change.bytes::bigint, change.files);
  end loop;
  return null;
end
$$;
comment on function private.count_media_uploads() is 'Trigger: counts announced uploads whose file has not arrived.';

create trigger count_added after insert on private.media_uploads referencing new table as added
  for each statement execute function private.count_media_uploads();
create trigger count_changed after update on private.media_uploads referencing old table as removed new table as added
  for each statement execute function private.count_media_uploads();
create trigger count_removed after delete on private.media_uploads referencing old table as removed
  for each statement execute function private.count_media_uploads();

-- Each part adds to its upload's in_progress_size before its bytes are read.
create function private.count_multipart_upload() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  owner constant uuid := private.folder_id(coalesce(new.key, old.key), 1);
  bytes constant bigint := coalesce(new.in_progress_size, 0) - coalesce(old.in_progress_size, 0);
  files constant int := case tg_op when 'INSERT' then 1 when 'DELETE' then -1 else 0 end;
begin
  perform private.add_storage_usage(owner, 0, 0, bytes, files);
  if (bytes > 0 or files > 0) and not private.within_storage_quota(owner, 0, 0) then
    perform private.refuse_above_quota();
  end if;
  return null;
end
$$;
comment on function private.count_multipart_upload() is
  'Trigger: counts the parts of an S3 multipart upload, and refuses those that exceed the quota.';

do $$
begin
  if has_table_privilege(to_regclass('storage.s3_multipart_uploads'), 'trigger') then
    create trigger count_parts after insert or delete or update of in_progress_size on storage.s3_multipart_uploads
      for each row execute function private.count_multipart_upload();
  end if;
end
$$;

-- What the counters should say.
create function private.measure_storage_usage() returns setof private.storage_usage
language sql stable set search_path = pg_catalog, pg_temp as $$
  select
    owner.id, coalesce(sum(counted.used_bytes), 0)::bigint, coalesce(sum(counted.used_files), 0),
    coalesce(sum(counted.reserved_bytes), 0)::bigint, coalesce(sum(counted.reserved_files), 0)
  from private.users as owner
  left join (
    select private.folder_id(object.name, 1) as user_id, private.object_size(object.metadata) as used_bytes,
      1 as used_files, 0 as reserved_bytes, 0 as reserved_files
    from storage.objects as object where object.bucket_id <> 'account-exports'
    union all
    select upload.user_id, 0, 0, upload.size, 1 from private.media_uploads as upload
    where upload.status = 'pending' and upload.sent_at is null
    union all
    select private.folder_id(part.name, 1), 0, 0, part.bytes, 1 from private.multipart_uploads() as part
  ) as counted on counted.user_id = owner.id
  group by owner.id
$$;
comment on function private.measure_storage_usage() is 'The sums that private.storage_usage keeps as counters.';

-- Triggers keep the counters right; a restore, or rows written past triggers, do not. The second measurement is made
-- behind the locks: it sees what was under way at the first.
create function public.reconcile_storage_usage() returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  suspects constant uuid[] := array(
    select measured.user_id from private.measure_storage_usage() as measured
    left join private.storage_usage as usage on usage.user_id = measured.user_id
    where usage is distinct from measured
  );
  corrected int;
begin
  insert into private.storage_usage (user_id) select unnest(suspects) on conflict do nothing;
  perform from private.storage_usage where user_id = any (suspects) order by user_id for update;
  update private.storage_usage as usage set
    used_bytes = measured.used_bytes, used_files = measured.used_files,
    reserved_bytes = measured.reserved_bytes, reserved_files = measured.reserved_files
  from private.measure_storage_usage() as measured
  where usage.user_id = any (suspects) and measured.user_id = usage.user_id and usage is distinct from measured;
  get diagnostics corrected = row_count;
  return corrected;
end
$$;
comment on function public.reconcile_storage_usage() is
  'Sets counters that are not what they count; how many users had such.';

-- sql/media/media_order.sql

-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Every writer of images or videos locks the media of their user before any row (an advisory lock for the transaction): two
-- writers who touch several rows in another order cannot deadlock. Without a user nothing is locked.
create function private.lock_user_media(user_id uuid) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('media of ' || user_id, 0))
$$;
comment on function private.lock_user_media(uuid) is
  'Locks the media of a user until the transaction ends; waits while another transaction has the lock.';

create function private.lock_own_media() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.lock_user_media(auth.uid());
  return null;
end
$$;
comment on function private.lock_own_media() is 'Trigger: locks the caller''s media, before the first row is locked.';

-- Not below another trigger, or a foreign key: there the rows above are held already.
create trigger lock_media before insert or update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media before insert or update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media before delete on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

-- A new row comes last, whatever it says; one that is there (an upsert) keeps what is written. A service that adds for a
-- user locks the owner's media here; a stranger locks nothing, and the policies refuse the row.
create function private.append_medium() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  known boolean;
begin
  perform private.lock_user_media(project.user_id) from public.projects as project
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

-- Numbering locks all rows: a transaction that deletes some of them has ended by then.
create function private.lock_media_rows(kind text, project_id uuid) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
comment on function private.lock_media_rows(text, uuid) is
  'The images or videos of a project in their order, all locked for the caller.';

create function private.place_media(kind text, ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
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

create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
begin
  for project in
    select * from public.projects as known where known.id in (select removed.project_id from removed) order by known.id
  loop
    perform private.lock_user_media(project.user_id);
    perform private.place_media(kind, private.lock_media_rows(kind, project.id));
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

create trigger close_gaps after delete on public.project_images referencing old table as removed
  for each statement execute function private.close_media_gaps();
create trigger close_gaps after delete on public.project_videos referencing old table as removed
  for each statement execute function private.close_media_gaps();

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
    perform private.lock_user_media(project.user_id);
    select
      array_agg(wanted.id order by wanted.position, wanted.id),
      array_agg(wanted.position order by wanted.position, wanted.id)
      into moved, places
    from (
      select changed.id, changed.position from changed join before on before.id = changed.id
      where changed.project_id = project.id and changed.position <> before.position
    ) as wanted;
    select coalesce(array_agg(held.id order by held.place), '{}') into others
    from unnest(private.lock_media_rows(kind, project.id)) with ordinality as held (id, place)
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

-- The whole order at once: a caller who saw another list than there is now gets an error, and nothing is lost between two callers.
create function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform private.lock_user_media(auth.uid());
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.lock_media_rows(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';

-- sql/media/media_qr_codes.sql

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
comment on column private.qr_codes.project_id is 'The project it leads to; null: the user''s profile.';
comment on column private.qr_codes.username is 'Whose name the link carries: another name since makes the code stale.';

create index qr_codes_user_id_idx on private.qr_codes (user_id);
create index qr_codes_project_id_idx on private.qr_codes (project_id);

create trigger touch_updated_at before update on private.qr_codes
  for each row execute function private.touch_updated_at();

create function private.queue_qr_code_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'username', profile.username,
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
  ) from private.users as profile where profile.id = $1
$$;
comment on function public.get_qr_target(uuid, uuid, text, uuid) is
  'What a QR code of this user''s would lead to and what is stored; null where there is no such user.';

-- After the file is stored: a row says that its file carries its link. The newest 20 looks of what a code leads to stay.
create function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
create function public.lease_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status not in ('published', 'unlisted');
  with line as (
    select code.name, profile.username, row_number() over (partition by code.user_id order by code.updated_at) as place
    from private.qr_codes as code
    join private.users as profile on profile.id = code.user_id
    where profile.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', profile.username),
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
comment on function public.lease_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';

-- sql/media/media_sweep.sql

-- What sweepMedia does: drains the queue of removals, and finds what the queue missed.

-- Whether something shows or expects this file; whichever project of its user's shows it.
create function private.is_file_wanted(bucket_id text, name text) returns boolean
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
comment on function private.is_file_wanted(text, text) is 'Whether a row still stands for this file.';

-- SKIP LOCKED and a lease let runs pass each other. What is wanted again is taken off the list.
create function public.lease_file_removals(batch int, lease_seconds int) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*) from private.file_removals
$$;
comment on function public.count_file_removals() is 'How many files wait to be removed.';

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that users once stored under names of their own are theirs to keep.
create function public.queue_orphaned_files(older_than_seconds int) returns jsonb
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
        not exists (select from private.users as profile where profile.id::text = split_part(object.name, '/', 1))
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
comment on function public.queue_orphaned_files(int) is
  'Queues files that nothing stands for; lists the rows whose file is missing.';

insert into private.cron_jobs (name, schedule, path, body) values
  ('sweepMedia', '*/5 * * * *', 'sweepMedia', '{}'),
  ('findOrphanedMedia', '40 3 * * *', 'sweepMedia', '{"orphans": true}');

-- policies/media.sql

-- Who may read, write and call what of media: row-level security, and grants by column where a row mixes public and private.

-- A user's files lie below a folder named with their id, in every bucket. Files of public buckets are served by
-- address, without a policy; selecting is for one's own files, to list and remove them. What everybody sees is written
-- by handlers alone, which have looked at it first: users themselves write only where nobody else reads. The profile is
-- asked for because a token outlives its user for a while.
-- Row-level security is on and the grants are Supabase's: the table is not ours.
create policy "users see their own files" on storage.objects for select to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "users add files to their own folder" on storage.objects for insert to authenticated
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "users replace their own files" on storage.objects for update to authenticated
  using (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "users remove their own files" on storage.objects for delete to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );

revoke all on function private.folder_id(text, int) from public, anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.file_removals enable row level security;

create policy "nobody through the API" on private.file_removals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.file_removals from anon, authenticated, service_role;

revoke all on function private.media_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.media_file_stem(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_files(text) from public, anon, authenticated, service_role;
revoke all on function private.refuse_stored_file() from public, anon, authenticated, service_role;
revoke all on function private.keep_project() from public, anon, authenticated, service_role;
revoke all on function private.queue_media_file_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_folder_removal(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_project_folder_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_user_folder_removal() from public, anon, authenticated, service_role;

-- Everybody sees an avatar by its address; users list and remove their own (policies/media.sql); handlers write.
revoke all on function private.avatar_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_avatar_removal() from public, anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.media_uploads enable row level security;

create policy "nobody through the API" on private.media_uploads for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.media_uploads from anon, authenticated, service_role;

revoke all on function private.queue_upload_removal() from public, anon, authenticated, service_role;
revoke all on function private.count_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int)
  from public, anon, authenticated, service_role;
revoke all on function public.expire_media_uploads(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_media_upload(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.release_media_upload(uuid) from public, anon, authenticated, service_role;
revoke all on function public.renew_media_upload_lease(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) to service_role;
grant execute on function public.expire_media_uploads(uuid) to service_role;
grant execute on function public.lease_media_upload(uuid, uuid, int) to service_role;
grant execute on function public.release_media_upload(uuid) to service_role;
grant execute on function public.renew_media_upload_lease(uuid, int) to service_role;

-- Handlers only, and they through functions.
revoke all on function private.confirmed_media(private.media_uploads) from public, anon, authenticated, service_role;
revoke all on function public.get_media_upload(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function private.media_row(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text)
  from public, anon, authenticated, service_role;
revoke all on function public.reject_media_upload(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text) to service_role;
grant execute on function public.reject_media_upload(uuid, text) to service_role;
grant execute on function public.get_media_upload(uuid, uuid) to service_role;

-- What a tier may store is public; a user sees their own counters; triggers keep those, operators the quotas.
alter table public.storage_quotas enable row level security;

create policy "quotas are public" on public.storage_quotas for select to anon, authenticated
  using (true);

revoke all on table public.storage_quotas from anon, authenticated, service_role;
grant select on table public.storage_quotas to anon, authenticated, service_role;

alter table private.storage_usage enable row level security;

create policy "users see their own usage" on private.storage_usage for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table private.storage_usage from anon, authenticated, service_role;
grant select on table private.storage_usage to authenticated;

revoke all on function private.create_storage_usage() from public, anon, authenticated, service_role;
revoke all on function private.within_storage_quota(uuid, bigint, bigint) from public, anon, authenticated, service_role;
revoke all on function public.get_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.get_storage_usage() to authenticated;

-- Of triggers alone.
revoke all on function private.object_size(jsonb) from public, anon, authenticated, service_role;
revoke all on function private.add_storage_usage(uuid, bigint, bigint, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function private.multipart_uploads(text, text) from public, anon, authenticated, service_role;
revoke all on function private.size_to_be_freed(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.check_object_sizes(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.count_objects() from public, anon, authenticated, service_role;

-- Of triggers; handlers reconcile.
revoke all on function private.refuse_above_quota() from public, anon, authenticated, service_role;
revoke all on function private.count_media_uploads() from public, anon, authenticated, service_role;
revoke all on function private.count_multipart_upload() from public, anon, authenticated, service_role;
revoke all on function private.measure_storage_usage() from public, anon, authenticated, service_role;
revoke all on function public.reconcile_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.reconcile_storage_usage() to service_role;

-- The owner calls it, and what it needs, with their own rights; the trigger's are the owner's of the table.
revoke all on function private.lock_media_rows(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.place_media(text, uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.lock_user_media(uuid) from public, anon, authenticated, service_role;
revoke all on function private.lock_own_media() from public, anon, authenticated, service_role;
revoke all on function private.append_medium() from public, anon, authenticated, service_role;
revoke all on function private.move_media() from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;
grant execute on function private.lock_media_rows(text, uuid) to authenticated;
grant execute on function private.place_media(text, uuid[]) to authenticated;
grant execute on function private.lock_user_media(uuid) to authenticated;

-- Handlers only, and they through functions.
alter table private.qr_codes enable row level security;

create policy "nobody through the API" on private.qr_codes for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.qr_codes from anon, authenticated, service_role;

revoke all on function private.queue_qr_code_removal() from public, anon, authenticated, service_role;
revoke all on function public.get_qr_target(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_qr_code(uuid, uuid, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.lease_stale_qr_codes(int, text, text) from public, anon, authenticated, service_role;
grant execute on function public.get_qr_target(uuid, uuid, text, uuid) to service_role;
grant execute on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) to service_role;
grant execute on function public.lease_stale_qr_codes(int, text, text) to service_role;

-- Handlers only.
revoke all on function private.is_file_wanted(text, text) from public, anon, authenticated, service_role;
revoke all on function public.lease_file_removals(int, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_file_removals(text, text[], text) from public, anon, authenticated, service_role;
revoke all on function public.count_file_removals() from public, anon, authenticated, service_role;
revoke all on function public.queue_orphaned_files(int) from public, anon, authenticated, service_role;
grant execute on function public.lease_file_removals(int, int) to service_role;
grant execute on function public.finish_file_removals(text, text[], text) to service_role;
grant execute on function public.count_file_removals() to service_role;
grant execute on function public.queue_orphaned_files(int) to service_role;

reset check_function_bodies;
