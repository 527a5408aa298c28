-- Uploads, the order of images and videos, QR codes, and the removal of files that nothing shows any more.

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

-- The name of a file that confirmUpload stored, <person>/<project>/<upload>.<ending>, from the address in its row.
create function private.media_file_name(url text) returns text
language sql immutable set search_path = '' as $$
  select substring(
    url from '/storage/v1/object/public/project-media/([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4})$'
  )
$$;
comment on function private.media_file_name(text) is 'The file behind an address, where confirmUpload stored it.';

-- A row's address is its owner's to choose: only a file in the folder of the row's own project goes with the row.
create function private.queue_media_file_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name)
  select 'project-media', file.name from private.media_file_name(old.url) as file (name)
  where split_part(file.name, '/', 2) = old.project_id::text
  on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_media_file_removal() is 'Trigger: a row''s file goes with the row.';

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
language sql security definer set search_path = '' as $$
  insert into private.file_removals (bucket_id, name)
  select object.bucket_id, object.name from storage.objects as object where starts_with(object.name, folder || '/')
  on conflict do nothing
$$;
comment on function private.queue_folder_removal(text) is 'Queues every file below a folder for removal.';

create function private.queue_project_folder_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  return null;
end
$$;
comment on function private.queue_project_folder_removal() is 'Trigger: a project''s files go with the project.';

create trigger queue_file_removal after delete on public.projects
  for each row execute function private.queue_project_folder_removal();

create function private.queue_user_folder_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.id::text);
  return null;
end
$$;
comment on function private.queue_user_folder_removal() is 'Trigger: a person''s files go with the person.';

create trigger queue_file_removal after delete on private.users
  for each row execute function private.queue_user_folder_removal();

-- Handlers only, and they through functions.
alter table private.file_removals enable row level security;

create policy "nobody through the API" on private.file_removals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.file_removals from anon, authenticated, service_role;

revoke all on function private.media_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_file_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_folder_removal(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_project_folder_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_user_folder_removal() from public, anon, authenticated, service_role;

-- Uploads on their way: announced, sent to a bucket that nobody reads, checked, and only then shown.

-- No policy opens it: files come in by signed address and go out through confirmUpload.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values (
  'uploads', 'uploads', false, 50 * 1024 * 1024,
  array[
    'image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif', 'video/mp4', 'video/webm', 'video/quicktime'
  ]
)
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create table private.media_uploads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  project_id uuid not null references public.projects (id) on delete cascade,
  kind text not null check (kind in ('image', 'video')),
  content_type text not null check (char_length(content_type) <= 100),
  size bigint not null check (size > 0),
  status text not null default 'pending' check (status in ('pending', 'confirmed', 'rejected')),
  reason text check (char_length(reason) <= 100),
  media_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table private.media_uploads is
  'Files that are expected or were checked; the file is uploads/<user_id>/<id>.';
comment on column private.media_uploads.media_id is 'The row of project_images or project_videos that it became.';

create index media_uploads_user_id_idx on private.media_uploads (user_id);
-- How many are on their way to a project; it serves the foreign key too.
create index media_uploads_project_id_idx on private.media_uploads (project_id, kind);
create index media_uploads_expires_at_idx on private.media_uploads (expires_at);

-- What was sent goes when its upload is over, however it ended.
create function private.queue_upload_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
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
language sql stable set search_path = '' as $$
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
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  project public.projects;
  places constant int := (select (limits ->> person.tier)::int from private.users as person where person.id = $1);
  upload private.media_uploads;
begin
  select * into project from public.projects as found where found.id = $2 for no key update;
  if project.id is null or (project.user_id <> $1 and project.status <> 'published') then
    return '{"reason": "project_not_found"}';
  elsif project.user_id <> $1 then
    return '{"reason": "not_the_owner"}';
  elsif places <= private.count_media($3, $2) + (
    select count(*) from private.media_uploads as waiting
    where waiting.project_id = $2 and waiting.kind = $3 and waiting.status = 'pending' and waiting.expires_at > now()
  ) then
    return jsonb_build_object('reason', 'too_many', 'limit', places);
  end if;
  insert into private.media_uploads (user_id, project_id, kind, content_type, size, expires_at)
  values ($1, $2, $3, $4, $5, now() + make_interval(secs => lifetime_seconds))
  returning * into upload;
  return to_jsonb(upload);
end
$$;
comment on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) is
  'Announces an upload to one''s own project within the limit of one''s tier; {"reason"} where it may not be.';

create function public.get_media_upload(user_id uuid, upload_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select to_jsonb(upload) from private.media_uploads as upload where upload.id = $2 and upload.user_id = $1
$$;
comment on function public.get_media_upload(uuid, uuid) is 'An upload of this person''s; null where there is none.';

-- The row as PostgREST would show it, with its kind.
create function private.media_row(kind text, media_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(image) from public.project_images as image where $1 = 'image' and image.id = $2
  union all
  select to_jsonb(video) from public.project_videos as video where $1 = 'video' and video.id = $2
$$;
comment on function private.media_row(text, uuid) is 'A row of project_images or project_videos.';

-- Project first, then the upload, as everywhere: callers wait in one order. Confirming twice is confirming once.
create function public.confirm_media_upload(user_id uuid, upload_id uuid, url text, limits jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
begin
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  elsif private.count_media(upload.kind, upload.project_id)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.number_media(upload.kind, upload.project_id);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, private.count_media('image', upload.project_id)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, private.count_media('video', upload.project_id)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';

create function public.reject_media_upload(upload_id uuid, reason text) returns void
language sql security definer set search_path = '' as $$
  update private.media_uploads as upload set status = 'rejected', reason = $2
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.reject_media_upload(uuid, text) is
  'Closes an upload whose file did not pass; its file goes.';

-- Handlers only, and they through functions.
alter table private.media_uploads enable row level security;

create policy "nobody through the API" on private.media_uploads for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.media_uploads from anon, authenticated, service_role;

revoke all on function private.queue_upload_removal() from public, anon, authenticated, service_role;
revoke all on function private.count_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int)
  from public, anon, authenticated, service_role;
revoke all on function public.get_media_upload(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function private.media_row(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.reject_media_upload(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) to service_role;
grant execute on function public.get_media_upload(uuid, uuid) to service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb) to service_role;
grant execute on function public.reject_media_upload(uuid, text) to service_role;

-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Whoever changes an order holds the project's row first, so that two never number the same rows.
create function private.number_media(kind text, project_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  execute format(
    'update public.%1$I as medium set position = ordered.place
     from (
       select id, row_number() over (order by position, id) - 1 as place from public.%1$I where project_id = $1
     ) as ordered
     where ordered.id = medium.id and medium.position <> ordered.place',
    'project_' || $1 || 's'
  ) using $2;
end
$$;
comment on function private.number_media(text, uuid) is 'Numbers a project''s images or videos from 0, in their order.';

-- Who deletes holds the deleted row already: it must not wait for the project, whose holder may wait for that row.
-- Where somebody else holds the project, their numbering or the next one closes the gap.
create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  project uuid;
begin
  for project in select distinct removed.project_id from removed loop
    perform from public.projects where projects.id = project for no key update skip locked;
    if found then
      perform private.number_media(case tg_table_name when 'project_images' then 'image' else 'video' end, project);
    end if;
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

create trigger close_gaps after delete on public.project_images referencing old table as removed
  for each statement execute function private.close_media_gaps();
create trigger close_gaps after delete on public.project_videos referencing old table as removed
  for each statement execute function private.close_media_gaps();

-- The whole order at once: who saw another list than there is now is told so, and nothing is lost between two callers.
create function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  present uuid[];
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if kind = 'image' then
    select array_agg(image.id order by image.id) into present
    from public.project_images as image where image.project_id = $1;
  else
    select array_agg(video.id order by video.id) into present
    from public.project_videos as video where video.project_id = $1;
  end if;
  if coalesce(present, '{}') <> coalesce((select array_agg(given order by given) from unnest(ids) as given), '{}') then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  if kind = 'image' then
    update public.project_images as image set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where image.id = wanted.id and image.project_id = $1 and image.position <> wanted.place - 1;
  else
    update public.project_videos as video set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where video.id = wanted.id and video.project_id = $1 and video.position <> wanted.place - 1;
  end if;
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';

-- The owner calls it with their own rights; the rest is for triggers.
revoke all on function private.number_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;

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
comment on column private.qr_codes.project_id is 'The project it leads to; null: the person''s profile.';
comment on column private.qr_codes.username is 'Whose name the link carries: another name since makes the code stale.';

create index qr_codes_user_id_idx on private.qr_codes (user_id);
create index qr_codes_project_id_idx on private.qr_codes (project_id);

create trigger touch_updated_at before update on private.qr_codes
  for each row execute function private.touch_updated_at();

create function private.queue_qr_code_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
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
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'username', person.username,
    'found', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.user_id = $1
    ),
    'published', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.status = 'published'
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
  ) from private.users as person where person.id = $1
$$;
comment on function public.get_qr_target(uuid, uuid, text, uuid) is
  'What a QR code of this person''s would lead to and what is stored; null where there is no such person.';

-- After the file is stored: a row says that its file carries its link.
create function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = '' as $$
  insert into private.qr_codes (user_id, project_id, name, link, username, style) values ($1, $2, $3, $4, $5, $6)
  on conflict (name) do update set link = excluded.link, username = excluded.username;
  delete from private.file_removals as removal where removal.bucket_id = 'qr-codes' and removal.name = $3;
$$;
comment on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) is
  'Notes a QR code that has been stored.';

-- A project that is no longer published loses its codes; the rest is made again by the handler.
create function public.take_stale_qr_codes(batch int) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  select coalesce(jsonb_agg(to_jsonb(stale)), '[]') from (
    select code.name, code.user_id, code.project_id, code.style, person.username,
      (
        select private.media_file_name(image.url) from public.project_images as image
        join public.projects as project on project.id = image.project_id
        where image.id = (code.style ->> 'logo_image_id')::uuid and project.user_id = code.user_id
      ) as logo
    from private.qr_codes as code join private.users as person on person.id = code.user_id
    where person.username <> code.username
    order by code.updated_at limit batch
  ) as stale
$$;
comment on function public.take_stale_qr_codes(int) is
  'The codes whose link has changed; those that lead nowhere are dropped.';

-- Handlers only, and they through functions.
alter table private.qr_codes enable row level security;

create policy "nobody through the API" on private.qr_codes for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.qr_codes from anon, authenticated, service_role;

revoke all on function private.queue_qr_code_removal() from public, anon, authenticated, service_role;
revoke all on function public.get_qr_target(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_qr_code(uuid, uuid, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.take_stale_qr_codes(int) from public, anon, authenticated, service_role;
grant execute on function public.get_qr_target(uuid, uuid, text, uuid) to service_role;
grant execute on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) to service_role;
grant execute on function public.take_stale_qr_codes(int) to service_role;

-- What sweepMedia does: drains the queue of removals, and finds what the queue missed.

-- The id that a part of a file's name is; null where it is none.
create function private.folder_id(name text, place int) returns uuid
language sql immutable set search_path = '' as $$
  select case
    when split_part($1, '/', $2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then split_part($1, '/', $2)::uuid
  end
$$;
comment on function private.folder_id(text, int) is 'The id in one part of a file''s name.';

-- Whether something shows or expects this file.
create function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.project_images as image
      where image.project_id = private.folder_id($2, 2) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.project_videos as video
      where video.project_id = private.folder_id($2, 2) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    else false
  end
$$;
comment on function private.is_file_wanted(text, text) is 'Whether a row still stands for this file.';

-- SKIP LOCKED and a lease let runs pass each other. What is wanted again is taken off the list.
create function public.lease_file_removals(batch int, lease_seconds int) returns jsonb
language sql security definer set search_path = '' as $$
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
language sql security definer set search_path = '' as $$
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
language sql stable security definer set search_path = '' as $$
  select count(*) from private.file_removals
$$;
comment on function public.count_file_removals() is 'How many files wait to be removed.';

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that people stored under names of their own are theirs to keep.
create function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_name(image.url) as name from public.project_images as image
    union select private.media_file_name(video.url) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as person where person.id::text = split_part(object.name, '/', 1))
        or (object.bucket_id in ('uploads', 'qr-codes') and not private.is_file_wanted(object.bucket_id, object.name))
        or (
          object.bucket_id = 'project-media'
          and object.name ~ '^[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4}$'
          and not exists (select from shown where shown.name = object.name)
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

-- Handlers only.
revoke all on function private.folder_id(text, int) from public, anon, authenticated, service_role;
revoke all on function private.is_file_wanted(text, text) from public, anon, authenticated, service_role;
revoke all on function public.lease_file_removals(int, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_file_removals(text, text[], text) from public, anon, authenticated, service_role;
revoke all on function public.count_file_removals() from public, anon, authenticated, service_role;
revoke all on function public.queue_orphaned_files(int) from public, anon, authenticated, service_role;
grant execute on function public.lease_file_removals(int, int) to service_role;
grant execute on function public.finish_file_removals(text, text[], text) to service_role;
grant execute on function public.count_file_removals() to service_role;
grant execute on function public.queue_orphaned_files(int) to service_role;
