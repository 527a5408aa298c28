-- QR codes that were made: what each says and how it looks, to make it once, and again when its link changes.

create table private.qr_codes (
  name text primary key check (char_length(name) <= 200),
  user_id uuid not null references private.users (id) on delete cascade,
  project_id uuid references public.projects (id) on delete cascade,
  link text not null check (char_length(link) <= 2048),
  username text not null,
  style jsonb not null check (jsonb_typeof(style) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table private.qr_codes is 'The files of the bucket qr-codes that generateQrCode made.';
comment on column private.qr_codes.project_id is 'The project it leads to; null: the user''s profile.';
comment on column private.qr_codes.username is 'Whose name the link carries: another name since makes the code stale.';

create index qr_codes_user_id_idx on private.qr_codes (user_id);
create index qr_codes_project_id_idx on private.qr_codes (project_id);

create trigger touch_updated_at before update on private.qr_codes
  for each row execute function private.touch_updated_at();

create function private.queue_qr_code_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.file_removals (bucket_id, name) values ('qr-codes', old.name) on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_qr_code_removal() is 'Trigger: a code''s file goes with its row.';

create trigger queue_file_removal after delete on private.qr_codes
  for each row execute function private.queue_qr_code_removal();

-- What a code of this name would lead to, and which link the stored one carries (null: there is none).
create function public.get_qr_target(user_id uuid, project_id uuid, name text, logo_image_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'username', profile.username,
    'found', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.user_id = $1
    ),
    'published', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.status in ('published', 'unlisted')
    ),
    'logo', (
      select private.media_file_name(image.url) from public.project_images as image
      join public.projects as project on project.id = image.project_id
      where image.id = $4 and project.user_id = $1 and starts_with(private.media_file_name(image.url), $1::text || '/')
    ),
    'stored_link', (
      select code.link from private.qr_codes as code
      join storage.objects as object on object.bucket_id = 'qr-codes' and object.name = code.name
      where code.name = $3 and code.user_id = $1
    )
  ) from private.users as profile where profile.id = $1
$$;
comment on function public.get_qr_target(uuid, uuid, text, uuid) is
  'What a QR code of this user''s would lead to and what is stored; null where there is no such user.';

-- After the file is stored: a row says that its file carries its link. The newest 20 looks of what a code leads to stay.
create function public.record_qr_code(
  user_id uuid, project_id uuid, name text, link text, username text, style jsonb
) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
create function public.lease_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status not in ('published', 'unlisted');
  with line as (
    select code.name, profile.username, row_number() over (partition by code.user_id order by code.updated_at) as place
    from private.qr_codes as code
    join private.users as profile on profile.id = code.user_id
    where profile.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', profile.username),
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
comment on function public.lease_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';
