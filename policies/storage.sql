-- A person's files lie below a folder named with their id, in every bucket. Files of public buckets are served by
-- address, without a policy; selecting is for one's own files, to list and remove them. What everybody sees is written
-- by handlers alone, which have looked at it first: people themselves write only where nobody else reads. The profile is
-- asked for because a token outlives its person for a while.
-- Row-level security is on and the grants are Supabase's: the table is not ours.
create policy "people see their own files" on storage.objects for select to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "people add files to their own folder" on storage.objects for insert to authenticated
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "people replace their own files" on storage.objects for update to authenticated
  using (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "people remove their own files" on storage.objects for delete to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );

revoke all on function private.folder_id(text, int) from public, anon, authenticated, service_role;
