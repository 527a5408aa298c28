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
