-- Taking one's data along: archives in parts, of which each is a file that is there or not. A process that dies while making one
-- leaves no trace, and the next one begins where the last complete part ended.

-- Private: in by exportAccount, out by signed addresses that run out. Room for a part and one file more.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('account-exports', 'account-exports', false, 256 * 1024 * 1024, array['application/zip'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create table private.account_exports (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  expires_at timestamptz not null,
  size bigint check (size >= 0),
  parts jsonb not null default '[]' check (jsonb_typeof(parts) = 'array'),
  place jsonb not null default '{"kind": "rows"}' check (place ->> 'kind' in ('rows', 'files', 'end')),
  lease int not null default 0 check (lease >= 0),
  failures int not null default 0 check (failures >= 0),
  next_attempt_at timestamptz not null default now(),
  last_error text check (char_length(last_error) <= 100)
);
comment on table private.account_exports is
  'Archives of users'' data, made part by part; the files are account-exports/<user_id>/<id>/...';
comment on column private.account_exports.parts is 'The parts that are complete: [{"name", "size"}].';
comment on column private.account_exports.place is 'Where the next part begins.';
comment on column private.account_exports.lease is
  'How often it was taken; only who took it last adds a part, whatever became of the others.';

create index account_exports_user_id_idx on private.account_exports (user_id);
create index account_exports_expires_at_idx on private.account_exports (expires_at);
-- What may be gone on with now.
create index account_exports_next_attempt_at_idx on private.account_exports (next_attempt_at)
  where finished_at is null;

create function private.queue_export_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  insert into private.file_removals (bucket_id, name)
  select 'account-exports', part ->> 'name' from jsonb_array_elements(old.parts) as part on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_export_removal() is 'Trigger: an archive''s files go with its row.';

create trigger queue_file_removal after delete on private.account_exports
  for each row execute function private.queue_export_removal();

-- One at a time: who asks while one is being made, or right afterwards, asks for that one. What was made before makes
-- room.
create function public.begin_account_export(user_id uuid, lifetime_seconds int, again_seconds int) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as profile where profile.id = $1 for no key update;
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
  'The archive that is being made for a user, or a new one; null where there is no such user.';

create function public.get_account_export(user_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(made) from private.account_exports as made where made.user_id = $1 and made.expires_at > now()
$$;
comment on function public.get_account_export(uuid) is 'A user''s archive and how far it is; null where there is none.';

create function public.lease_account_export(lease_seconds int, export_id uuid default null) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.account_exports as made set
    failures = made.failures + 1, last_error = $3, next_attempt_at = now() + make_interval(secs => $4)
  where made.id = $1 and made.lease = $2
$$;
comment on function public.delay_account_export(uuid, int, text, int) is 'Why an archive waits, and for how long.';

-- Once: its user gets one e-mail.
create function public.finish_account_export(export_id uuid, lifetime_seconds int, payload jsonb) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
  'An archive is complete, and its links are good from now on: its user gets an e-mail.';

create function public.drop_account_exports() returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.account_exports as made where made.expires_at < now()
$$;
comment on function public.drop_account_exports() is 'Drops archives that have run out; their files go.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountExports', '* * * * *', 'continueAccountExports');
