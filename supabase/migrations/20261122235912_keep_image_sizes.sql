-- The size of an image stays known after its upload: a page leaves room for it, and confirming twice answers the same.

alter table public.project_images add column width int check (width > 0), add column height int check (height > 0);
comment on column public.project_images.width is 'Pixels, as it is shown; null for an image elsewhere.';
comment on column public.project_images.height is 'Pixels, as it is shown; null for an image elsewhere.';

-- confirmUpload has measured the image; what people send back is what they read.
create function private.keep_size() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and new.url = old.url then
    new.width := old.width;
    new.height := old.height;
  else
    new.width := null;
    new.height := null;
  end if;
  return new;
end
$$;
comment on function private.keep_size() is 'Trigger: an image has the size that confirmUpload measured, or none.';

create trigger keep_size before insert or update on public.project_images
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_size();
revoke all on function private.keep_size() from public;

drop function public.confirm_media_upload(uuid, uuid, text, jsonb);
-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create function public.confirm_media_upload(
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
comment on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int) is
  'Adds the row of a checked upload at the end, once; {"reason"} where there is nothing to add.';
revoke all on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int)
  from public, anon, authenticated, service_role;
grant execute on function public.confirm_media_upload(uuid, uuid, text, jsonb, int, int) to service_role;

-- Uploaded images and videos can be sent back too, as they were read.
create or replace function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  known boolean;
begin
  -- The caller's role: current_user is the owner of this function.
  if current_setting('role') in ('anon', 'authenticated') and private.media_file_name(new.url) is not null then
    -- An upsert of what is there adds nothing.
    execute format('select exists (select from public.%I where id = $1 and url = $2)', tg_table_name)
      into known using new.id, new.url;
    if not known then
      raise exception 'Stored files are added by confirmUpload.' using errcode = 'insufficient_privilege';
    end if;
  end if;
  return new;
end
$$;
