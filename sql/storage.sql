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
