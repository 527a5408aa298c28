-- Archives in parts, of which each is a file that is there or not: a large one is no longer one long request, and whoever
-- dies while making a part leaves no trace.

-- Private: in by exportAccount, out by signed addresses that run out. Room for a part and one file more.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('account-exports', 'account-exports', false, 256 * 1024 * 1024, array['application/zip'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

-- One that was being made in one piece begins again when it is asked for again.
delete from private.account_exports where finished_at is null;
alter table private.account_exports
  add column parts jsonb not null default '[]' check (jsonb_typeof(parts) = 'array'),
  add column place jsonb not null default '{"kind": "rows"}' check (place ->> 'kind' in ('rows', 'files', 'end')),
  add column lease int not null default 0 check (lease >= 0),
  add column failures int not null default 0 check (failures >= 0),
  add column next_attempt_at timestamptz not null default now(),
  add column last_error text check (char_length(last_error) <= 100);
update private.account_exports set
  parts = jsonb_build_array(jsonb_build_object('name', user_id || '/' || id || '.zip', 'size', size)),
  place = '{"kind": "end"}';
comment on table private.account_exports is
  'Archives of people''s data, made part by part; the files are account-exports/<user_id>/<id>/...';
comment on column private.account_exports.parts is 'The parts that are complete: [{"name", "size"}].';
comment on column private.account_exports.place is 'Where the next part begins.';
comment on column private.account_exports.lease is
  'How often it was taken; only who took it last adds a part, whatever became of the others.';

-- What may be gone on with now.
create index account_exports_next_attempt_at_idx on private.account_exports (next_attempt_at)
  where finished_at is null;

create or replace function private.queue_export_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  insert into private.file_removals (bucket_id, name)
  select 'account-exports', part ->> 'name' from jsonb_array_elements(old.parts) as part on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_export_removal() is 'Trigger: an archive''s files go with its row.';

drop function public.begin_account_export(uuid, int);
drop function public.finish_account_export(uuid, bigint, jsonb);
drop function public.drop_account_exports(uuid);

-- One at a time: who asks while one is being made, or right afterwards, asks for that one. What was made before makes
-- room.
create function public.begin_account_export(user_id uuid, lifetime_seconds int, again_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as person where person.id = $1 for no key update;
  if not found then
    return null;
  end if;
  select * into made from private.account_exports as latest
  where latest.user_id = $1 and latest.expires_at > now()
    and (latest.finished_at is null or latest.finished_at > now() - make_interval(secs => again_seconds));
  if made.id is null then
    delete from private.account_exports as earlier where earlier.user_id = $1;
    insert into private.account_exports (user_id, expires_at)
    values ($1, now() + make_interval(secs => lifetime_seconds)) returning * into made;
  end if;
  return to_jsonb(made);
end
$$;
comment on function public.begin_account_export(uuid, int, int) is
  'The archive that is being made for a person, or a new one; null where there is no such person.';

create function public.get_account_export(user_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select to_jsonb(made) from private.account_exports as made where made.user_id = $1 and made.expires_at > now()
$$;
comment on function public.get_account_export(uuid) is 'A person''s archive and how far it is; null where there is none.';

create function public.lease_account_export(lease_seconds int, export_id uuid default null) returns jsonb
language sql security definer set search_path = '' as $$
  with due as (
    select made.id from private.account_exports as made
    where made.finished_at is null and made.expires_at > now() and made.next_attempt_at <= now()
      and ($2 is null or made.id = $2)
    order by made.next_attempt_at limit 1 for update skip locked
  ),
  taken as (
    update private.account_exports as made set
      lease = made.lease + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where due.id = made.id
    returning made.*
  )
  select to_jsonb(taken) from taken
$$;
comment on function public.lease_account_export(int, uuid) is
  'Takes an archive (or this one) whose next part is to be made now; null where there is none.';

-- What somebody else has taken since is theirs: their parts may begin elsewhere.
create function public.record_account_export_part(
  export_id uuid, lease int, name text, size bigint, place jsonb
) returns boolean
language sql security definer set search_path = '' as $$
  with kept as (
    update private.account_exports as made set
      parts = made.parts || jsonb_build_object('name', $3, 'size', $4), place = $5,
      failures = 0, last_error = null, next_attempt_at = now()
    where made.id = $1 and made.lease = $2 and made.finished_at is null
    returning made.id
  )
  select exists (select from kept)
$$;
comment on function public.record_account_export_part(uuid, int, text, bigint, jsonb) is
  'Adds a part that is stored; false where the archive is gone or somebody else''s by now.';

create function public.delay_account_export(export_id uuid, lease int, error text, wait_seconds int) returns void
language sql security definer set search_path = '' as $$
  update private.account_exports as made set
    failures = made.failures + 1, last_error = $3, next_attempt_at = now() + make_interval(secs => $4)
  where made.id = $1 and made.lease = $2
$$;
comment on function public.delay_account_export(uuid, int, text, int) is 'Why an archive waits, and for how long.';

-- Once: its person is told once.
create function public.finish_account_export(export_id uuid, lifetime_seconds int, payload jsonb) returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  update private.account_exports as complete set
    finished_at = now(), expires_at = now() + make_interval(secs => lifetime_seconds),
    size = (select sum((part ->> 'size')::bigint) from jsonb_array_elements(complete.parts) as part)
  where complete.id = $1 and complete.finished_at is null and complete.place ->> 'kind' = 'end'
  returning * into made;
  if made.id is not null then
    perform private.queue_notification(
      made.user_id, 'data_export_ready', made.id::text,
      $3 || jsonb_build_object('size_bytes', made.size, 'expires_at', made.expires_at)
    );
  end if;
end
$$;
comment on function public.finish_account_export(uuid, int, jsonb) is
  'An archive is complete, and its links are good from now on: its person is told.';

create function public.drop_account_exports() returns void
language sql security definer set search_path = '' as $$
  delete from private.account_exports as made where made.expires_at < now()
$$;
comment on function public.drop_account_exports() is 'Drops archives that have run out; their files go.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountExports', '* * * * *', 'continueAccountExports');

-- Handlers only.
revoke all on function public.begin_account_export(uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function public.get_account_export(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_export(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_export_part(uuid, int, text, bigint, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.delay_account_export(uuid, int, text, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, int, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports() from public, anon, authenticated, service_role;
grant execute on function public.begin_account_export(uuid, int, int) to service_role;
grant execute on function public.get_account_export(uuid) to service_role;
grant execute on function public.lease_account_export(int, uuid) to service_role;
grant execute on function public.record_account_export_part(uuid, int, text, bigint, jsonb) to service_role;
grant execute on function public.delay_account_export(uuid, int, text, int) to service_role;
grant execute on function public.finish_account_export(uuid, int, jsonb) to service_role;
grant execute on function public.drop_account_exports() to service_role;

-- The nightly sweep looks for parts of no archive too.
create or replace function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.project_images as image
      where image.project_id = private.folder_id($2, 2) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.project_videos as video
      where video.project_id = private.folder_id($2, 2) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    when 'account-exports' then exists (
      select from private.account_exports as made
      where made.user_id = private.folder_id($2, 1)
        and (made.id = private.folder_id($2, 2) or made.parts @> jsonb_build_array(jsonb_build_object('name', $2)))
    )
    else false
  end
$$;

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that people once stored under names of their own are theirs to keep.
create or replace function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_name(image.url) as name from public.project_images as image
    union select private.media_file_name(video.url) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as person where person.id::text = split_part(object.name, '/', 1))
        or (
          object.bucket_id in ('uploads', 'qr-codes', 'account-exports')
          and not private.is_file_wanted(object.bucket_id, object.name)
        )
        or (
          object.bucket_id = 'project-media'
          and object.name ~ '^[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4}$'
          and not exists (select from shown where shown.name = object.name)
        )
      )
    on conflict do nothing
    returning name
  )
  select count(*) into orphans from queued;

  select coalesce(jsonb_agg(medium.id), '[]') into missing from (
    select image.id, private.media_file_name(image.url) as name from public.project_images as image
    union all
    select video.id, private.media_file_name(video.url) from public.project_videos as video
  ) as medium
  where medium.name is not null and not exists (
    select from storage.objects as object where object.bucket_id = 'project-media' and object.name = medium.name
  );
  return jsonb_build_object('expired', expired, 'orphans', orphans, 'missing', missing);
end
$$;

-- A project that is no longer published loses its codes; the rest is made again by the handler. What was taken goes to the
-- end of the line: one that cannot be made keeps nobody waiting.
create or replace function public.take_stale_qr_codes(batch int) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with stale as (
    select code.name, person.username from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username
    order by code.updated_at limit batch for update of code skip locked
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
