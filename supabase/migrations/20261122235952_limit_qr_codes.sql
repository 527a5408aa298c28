-- Codes had no limit, and somebody with hundreds kept everybody waiting for theirs to be made again.

-- After the file is stored: a row says that its file carries its link. The newest 20 looks of what a code leads to stay.
create or replace function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = '' as $$
  insert into private.qr_codes (user_id, project_id, name, link, username, style) values ($1, $2, $3, $4, $5, $6)
  on conflict (name) do update set link = excluded.link, username = excluded.username;
  delete from private.file_removals as removal where removal.bucket_id = 'qr-codes' and removal.name = $3;
  delete from private.qr_codes as code where code.name in (
    select known.name from private.qr_codes as known
    where known.user_id = $1 and known.project_id is not distinct from $2
    order by known.created_at desc, known.name offset 20
  );
$$;
comment on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) is
  'Notes a QR code that has been stored; too many of one target''s push out the oldest.';

-- A project that is no longer published loses its codes; the rest is made again by the handler. What was taken goes to the
-- end of the line, and everybody's first comes before anybody's second: neither one that cannot be made nor somebody with
-- many keeps others waiting.
create or replace function public.take_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with line as (
    select code.name, person.username, row_number() over (partition by code.user_id order by code.updated_at) as place
    from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', person.username),
      '{project_id}', coalesce(code.project_id::text, '')
    )
  ),
  stale as (
    select code.name, line.username from private.qr_codes as code join line on line.name = code.name
    order by line.place, code.updated_at limit batch for update of code skip locked
  ),
  taken as (
    update private.qr_codes as code set updated_at = now() from stale where stale.name = code.name
    returning code.name, code.user_id, code.project_id, code.style, stale.username
  )
  select coalesce(jsonb_agg(to_jsonb(taken) || jsonb_build_object('logo', (
    select private.media_file_name(image.url) from public.project_images as image
    join public.projects as project on project.id = image.project_id
    where image.id = (taken.style ->> 'logo_image_id')::uuid and project.user_id = taken.user_id
      and starts_with(private.media_file_name(image.url), taken.user_id::text || '/')
  ))), '[]') from taken
$$;
comment on function public.take_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';
