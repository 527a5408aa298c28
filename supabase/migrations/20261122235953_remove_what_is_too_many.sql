-- A file that came when its project was full stayed where everybody sees it until the nightly sweep.

-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create or replace function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb, width int default null, height int default null
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.take_media_turn($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    insert into private.file_removals (bucket_id, name)
    select 'project-media', file.name from private.media_file_name($3) as file (name) where file.name is not null
    on conflict do nothing;
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height)
    values (upload.project_id, $3, $5, $6) returning id into medium;
  else
    insert into public.project_videos (project_id, url) values (upload.project_id, $3) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;
