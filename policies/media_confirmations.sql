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
