-- An announced upload keeps its place until it expires: who chose another file gives it back. One that is being checked
-- goes on.
create function public.cancel_media_upload(upload_id uuid) returns boolean
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with canceled as (
    update private.media_uploads as upload set status = 'expired'
    where upload.id = $1 and upload.user_id = (select auth.uid()) and upload.status = 'pending'
      and (upload.leased_until is null or upload.leased_until <= now())
    returning true
  )
  select exists (select from canceled)
$$;
comment on function public.cancel_media_upload(uuid) is
  'Ends an announced upload of the caller''s: it reserves nothing, and its file goes; whether it was still pending.';

revoke all on function public.cancel_media_upload(uuid) from public, anon, authenticated, service_role;
grant execute on function public.cancel_media_upload(uuid) to authenticated;
