-- One quota of bytes and files per user over all buckets, counted and enforced by triggers.

alter table private.media_uploads add column sent_at timestamptz;
comment on column private.media_uploads.sent_at is
  'When its file arrived: from then on the quota counts the file, not the announcement.';
alter table private.media_uploads drop constraint media_uploads_status_check;
alter table private.media_uploads add constraint media_uploads_status_check
  check (status in ('pending', 'confirmed', 'rejected', 'expired'));
update private.media_uploads as upload set sent_at = sent.created_at from storage.objects as sent
where sent.bucket_id = 'uploads' and sent.name = upload.user_id || '/' || upload.id;

-- Overdue uploads end; locked rows are passed over.
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

revoke all on function public.expire_media_uploads(uuid) from public, anon, authenticated, service_role;
grant execute on function public.expire_media_uploads(uuid) to service_role;

-- One quota of bytes and files per user, over all buckets. Data, so that an operator changes it by an UPDATE.

create table public.storage_quotas (
  tier text primary key check (tier in ('free', 'paid')),
  max_bytes bigint not null check (max_bytes >= 0),
  max_files int not null check (max_files >= 0)
);
comment on table public.storage_quotas is
  e'How much a user of each tier may store, over all buckets.\n'
  '@graphql({"name": "StorageQuota"})';

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

-- Counts what users store, and refuses what exceeds their quota, whoever writes it: users, handlers, Storage itself.
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

-- S3 multipart uploads begun. Storage makes that table; not every Storage has it.
create function private.multipart_uploads() returns table (bucket_id text, name text, bytes bigint)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if to_regclass('storage.s3_multipart_uploads') is not null then
    return query execute 'select bucket_id, key::text, in_progress_size::bigint from storage.s3_multipart_uploads';
  end if;
end
$$;
comment on function private.multipart_uploads() is 'The S3 multipart uploads that are under way, with the bytes of their parts.';

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
    join private.multipart_uploads() as part on part.bucket_id = added.bucket_id and part.name = added.name
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

-- Of triggers alone.
revoke all on function private.object_size(jsonb) from public, anon, authenticated, service_role;
revoke all on function private.add_storage_usage(uuid, bigint, bigint, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function private.multipart_uploads() from public, anon, authenticated, service_role;
revoke all on function private.size_to_be_freed(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.check_object_sizes(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.count_objects() from public, anon, authenticated, service_role;

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

-- Of triggers; handlers reconcile.
revoke all on function private.refuse_above_quota() from public, anon, authenticated, service_role;
revoke all on function private.count_media_uploads() from public, anon, authenticated, service_role;
revoke all on function private.count_multipart_upload() from public, anon, authenticated, service_role;
revoke all on function private.measure_storage_usage() from public, anon, authenticated, service_role;
revoke all on function public.reconcile_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.reconcile_storage_usage() to service_role;

-- The room is asked for before an upload is announced; an expired one is none.
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
  'Announces an upload to one''s own project within the limits of one''s tier; {"reason"} where it may not be.';

create or replace function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null
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
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    insert into private.file_removals (bucket_id, name)
    select 'project-media', file.name from private.media_file_name($3) as file (name) where file.name is not null
    on conflict do nothing;
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height)
    values (upload.project_id, $3, $5, $6) returning id into medium;
  else
    insert into public.project_videos (project_id, url) values (upload.project_id, $3) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  ('storage_usage', 'private.storage_usage', 't.user_id = $1', 't.user_id::text', '{}', true);

-- What is there already. Nobody loses a file: who has more than the quota only adds none.
insert into private.storage_usage (user_id) select id from private.users;
select public.reconcile_storage_usage();
