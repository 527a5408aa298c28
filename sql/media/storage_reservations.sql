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
