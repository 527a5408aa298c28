-- What becomes of an upload that was checked.

-- The row as PostgREST would show it, with its kind.
create function private.media_row(kind text, media_id uuid) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(image) from public.project_images as image where $1 = 'image' and image.id = $2
  union all
  select to_jsonb(video) from public.project_videos as video where $1 = 'video' and video.id = $2
  union all
  select jsonb_build_object('id', profile.id, 'url', profile.avatar_url) from private.users as profile
  where $1 = 'avatar' and profile.id = $2
$$;
comment on function private.media_row(text, uuid) is 'A row of project_images or project_videos, or an avatar.';

-- What a confirmed upload became, while that is there: an avatar until the profile shows another.
create function private.confirmed_media(upload private.media_uploads) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select medium from private.media_row(upload.kind, upload.media_id) as medium
  where upload.kind <> 'avatar' or strpos(medium ->> 'url', upload.id::text) > 0
$$;
comment on function private.confirmed_media(private.media_uploads) is 'The row of a confirmed upload; null where it is gone.';

-- Locks in one order everywhere: the user's media, the project, then the upload.
-- Confirming twice is confirming once.
create function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null,
  renditions jsonb default '[]', poster_url text default null
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.lock_user_media($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'expired' then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.confirmed_media(upload), '{"reason": "upload_not_found"}');
  elsif upload.kind = 'avatar' then
    update private.users as profile set avatar_url = $3 where profile.id = $1;
    update private.media_uploads as waiting set status = 'confirmed', media_id = $1 where waiting.id = $2;
    return private.media_row('avatar', $1);
  end if;
  earlier := private.lock_media_rows(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> profile.tier)::int from private.users as profile where profile.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    perform private.queue_media_files(private.media_file_name($3));
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height, renditions)
    values (upload.project_id, $3, $5, $6, $7) returning id into medium;
  else
    insert into public.project_videos (project_id, url, poster_url)
    values (upload.project_id, $3, $8) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int, jsonb, text) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';

create function public.reject_media_upload(upload_id uuid, reason text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.media_uploads as upload set status = 'rejected', reason = $2
  where upload.id = $1 and upload.status = 'pending'
$$;
comment on function public.reject_media_upload(uuid, text) is
  'Closes an upload whose file did not pass; its file goes.';

create function public.get_media_upload(user_id uuid, upload_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'kind', upload.kind, 'reason', upload.reason,
    'media', case when upload.status = 'confirmed' then private.confirmed_media(upload) end,
    'status', case when upload.status = 'pending' and upload.leased_until > now() then 'checking' else upload.status end
  ) from private.media_uploads as upload where upload.id = $2 and upload.user_id = $1
$$;
comment on function public.get_media_upload(uuid, uuid) is
  'How far an upload of this user''s is: pending, checking, confirmed (with its row), rejected (with the reason) or expired.';
