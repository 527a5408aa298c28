-- Who may read, write and call what of media: row-level security, and grants by column where a row mixes public and private.

-- A user's files lie below a folder named with their id, in every bucket. Files of public buckets are served by
-- address, without a policy; selecting is for one's own files, to list and remove them. What everybody sees is written
-- by handlers alone, which have looked at it first: users themselves write only where nobody else reads. The profile is
-- asked for because a token outlives its user for a while.
-- Row-level security is on and the grants are Supabase's: the table is not ours.
create policy "users see their own files" on storage.objects for select to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );
create policy "users add files to their own folder" on storage.objects for insert to authenticated
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "users replace their own files" on storage.objects for update to authenticated
  using (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
create policy "users remove their own files" on storage.objects for delete to authenticated
  using (
    bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets')
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  );

revoke all on function private.folder_id(text, int) from public, anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.file_removals enable row level security;

create policy "nobody through the API" on private.file_removals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.file_removals from anon, authenticated, service_role;

revoke all on function private.media_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.media_file_stem(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_files(text) from public, anon, authenticated, service_role;
revoke all on function private.refuse_stored_file() from public, anon, authenticated, service_role;
revoke all on function private.keep_project() from public, anon, authenticated, service_role;
revoke all on function private.queue_media_file_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_folder_removal(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_project_folder_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_user_folder_removal() from public, anon, authenticated, service_role;

-- Everybody sees an avatar by its address; users list and remove their own (policies/media.sql); handlers write.
revoke all on function private.avatar_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_avatar_removal() from public, anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.media_uploads enable row level security;

create policy "nobody through the API" on private.media_uploads for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.media_uploads from anon, authenticated, service_role;

revoke all on function private.queue_upload_removal() from public, anon, authenticated, service_role;
revoke all on function private.count_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int)
  from public, anon, authenticated, service_role;
revoke all on function public.expire_media_uploads(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_media_upload(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.release_media_upload(uuid) from public, anon, authenticated, service_role;
revoke all on function public.renew_media_upload_lease(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.cancel_media_upload(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_media_upload(uuid) to authenticated;
grant execute on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) to service_role;
grant execute on function public.expire_media_uploads(uuid) to service_role;
grant execute on function public.lease_media_upload(uuid, uuid, int) to service_role;
grant execute on function public.release_media_upload(uuid) to service_role;
grant execute on function public.renew_media_upload_lease(uuid, int) to service_role;

-- Handlers only, and they through functions.
revoke all on function private.confirmed_media(private.media_uploads) from public, anon, authenticated, service_role;
revoke all on function public.get_media_upload(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function private.media_row(text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text)
  from public, anon, authenticated, service_role;
revoke all on function public.reject_media_upload(uuid, text) from public, anon, authenticated, service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text) to service_role;
grant execute on function public.reject_media_upload(uuid, text) to service_role;
grant execute on function public.get_media_upload(uuid, uuid) to service_role;

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

-- Of triggers alone.
revoke all on function private.object_size(jsonb) from public, anon, authenticated, service_role;
revoke all on function private.add_storage_usage(uuid, bigint, bigint, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function private.multipart_uploads(text, text) from public, anon, authenticated, service_role;
revoke all on function private.size_to_be_freed(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.check_object_sizes(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.count_objects() from public, anon, authenticated, service_role;

-- Of triggers; handlers reconcile.
revoke all on function private.refuse_above_quota() from public, anon, authenticated, service_role;
revoke all on function private.count_media_uploads() from public, anon, authenticated, service_role;
revoke all on function private.count_multipart_upload() from public, anon, authenticated, service_role;
revoke all on function private.measure_storage_usage() from public, anon, authenticated, service_role;
revoke all on function public.reconcile_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.reconcile_storage_usage() to service_role;

-- The owner calls it, and what it needs, with their own rights; the trigger's are the owner's of the table.
revoke all on function private.lock_media_rows(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.place_media(text, uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.lock_user_media(uuid) from public, anon, authenticated, service_role;
revoke all on function private.lock_own_media() from public, anon, authenticated, service_role;
revoke all on function private.append_medium() from public, anon, authenticated, service_role;
revoke all on function private.move_media() from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;
grant execute on function private.lock_media_rows(text, uuid) to authenticated;
grant execute on function private.place_media(text, uuid[]) to authenticated;
grant execute on function private.lock_user_media(uuid) to authenticated;

-- Handlers only, and they through functions.
alter table private.qr_codes enable row level security;

create policy "nobody through the API" on private.qr_codes for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.qr_codes from anon, authenticated, service_role;

revoke all on function private.queue_qr_code_removal() from public, anon, authenticated, service_role;
revoke all on function public.get_qr_target(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_qr_code(uuid, uuid, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.lease_stale_qr_codes(int, text, text) from public, anon, authenticated, service_role;
grant execute on function public.get_qr_target(uuid, uuid, text, uuid) to service_role;
grant execute on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) to service_role;
grant execute on function public.lease_stale_qr_codes(int, text, text) to service_role;

-- Handlers only.
revoke all on function private.is_file_wanted(text, text) from public, anon, authenticated, service_role;
revoke all on function public.lease_file_removals(int, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_file_removals(text, text[], text) from public, anon, authenticated, service_role;
revoke all on function public.count_file_removals() from public, anon, authenticated, service_role;
revoke all on function public.queue_orphaned_files(int) from public, anon, authenticated, service_role;
grant execute on function public.lease_file_removals(int, int) to service_role;
grant execute on function public.finish_file_removals(text, text[], text) to service_role;
grant execute on function public.count_file_removals() to service_role;
grant execute on function public.queue_orphaned_files(int) to service_role;
