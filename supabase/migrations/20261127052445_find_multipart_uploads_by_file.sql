-- Multipart uploads are found by their file: the quota's check read all of them.

drop function private.multipart_uploads();

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

revoke all on function private.multipart_uploads(text, text) from public, anon, authenticated, service_role;

create or replace function private.size_to_be_freed(added storage.objects[], out bytes bigint, out files bigint)
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
