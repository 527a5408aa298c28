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
