-- An upload was checked as often as it was asked for, at the same time.

alter table private.media_uploads add column leased_until timestamptz;
comment on column private.media_uploads.leased_until is
  'Until when somebody checks its file: nobody else does meanwhile.';

drop function public.get_media_upload(uuid, uuid);

-- Checking a file takes memory and time: one request does it, however many ask. Who dies meanwhile keeps it until the
-- lease ends.
create function public.take_media_upload(user_id uuid, upload_id uuid, lease_seconds int) returns jsonb
language sql security definer set search_path = '' as $$
  with taken as (
    update private.media_uploads as upload set leased_until = now() + make_interval(secs => $3)
    where upload.id = $2 and upload.user_id = $1 and upload.status = 'pending'
      and (upload.leased_until is null or upload.leased_until <= now())
    returning upload.*
  )
  select to_jsonb(taken) from taken
  union all
  select to_jsonb(upload) || case upload.status when 'pending' then '{"status": "busy"}'::jsonb else '{}' end
  from private.media_uploads as upload
  where upload.id = $2 and upload.user_id = $1 and not exists (select from taken)
$$;
comment on function public.take_media_upload(uuid, uuid, int) is
  'An upload of this person''s, to check where it is pending; its status is busy while somebody does.';

create function public.release_media_upload(upload_id uuid) returns boolean
language sql security definer set search_path = '' as $$
  with released as (
    update private.media_uploads as upload set leased_until = null
    where upload.id = $1 and upload.status = 'pending' returning true
  )
  select exists (select from released)
$$;
comment on function public.release_media_upload(uuid) is
  'Lets others check an upload; whether it is still to be checked.';

revoke all on function public.take_media_upload(uuid, uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.release_media_upload(uuid) from public, anon, authenticated, service_role;
grant execute on function public.take_media_upload(uuid, uuid, int) to service_role;
grant execute on function public.release_media_upload(uuid) to service_role;
