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

-- A person's files lie below a folder named with their id, in every bucket. Files of public buckets are served by
-- address, without a policy; selecting is for one's own files, to list, replace and remove them.
-- Row-level security is on and the grants are Supabase's: the table is not ours.
create policy "people see their own files" on storage.objects for select to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people add files to their own folder" on storage.objects for insert to authenticated
  with check (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people replace their own files" on storage.objects for update to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people remove their own files" on storage.objects for delete to authenticated
  using (
    bucket_id in ('project-media', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
