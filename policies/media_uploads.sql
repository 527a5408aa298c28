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
revoke all on function public.take_media_upload(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.release_media_upload(uuid) from public, anon, authenticated, service_role;
revoke all on function public.renew_media_upload_lease(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.create_media_upload(uuid, uuid, text, text, bigint, jsonb, int) to service_role;
grant execute on function public.expire_media_uploads(uuid) to service_role;
grant execute on function public.take_media_upload(uuid, uuid, int) to service_role;
grant execute on function public.release_media_upload(uuid) to service_role;
grant execute on function public.renew_media_upload_lease(uuid, int) to service_role;
