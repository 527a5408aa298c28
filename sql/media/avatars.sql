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
