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

-- The project is locked: two at once do not share the last place. What is on its way keeps a place until it expires.
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

-- An announced upload keeps its place until it expires: who chose another file gives it back. One that is being checked
-- goes on.
create function public.cancel_media_upload(upload_id uuid) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with canceled as (
    update private.media_uploads as upload set status = 'expired'
    where upload.id = $1 and upload.user_id = (select auth.uid()) and upload.status = 'pending'
      and (upload.leased_until is null or upload.leased_until <= now())
    returning true
  )
  select exists (select from canceled)
$$;
comment on function public.cancel_media_upload(uuid) is
  'Ends an announced upload of the caller''s: it reserves nothing, and its file goes; whether it was still pending.';

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
