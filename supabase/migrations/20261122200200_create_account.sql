-- Leaving with one's data, and leaving nothing behind.

-- Taking one's data along: what is a person's, table by table, and the archives that were made of it.

-- Private: in by exportAccount, out by a signed address that runs out. Media of many projects makes large archives.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('account-exports', 'account-exports', false, 5368709120, array['application/zip'])
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
  size bigint check (size >= 0)
);
comment on table private.account_exports is
  'Archives of people''s data; the file is account-exports/<user_id>/<id>.zip.';

create index account_exports_user_id_idx on private.account_exports (user_id);
create index account_exports_expires_at_idx on private.account_exports (expires_at);

create function private.queue_export_removal() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.file_removals (bucket_id, name)
  values ('account-exports', old.user_id || '/' || old.id || '.zip') on conflict do nothing;
  return null;
end
$$;
comment on function private.queue_export_removal() is 'Trigger: an archive goes with its row.';

create trigger queue_file_removal after delete on private.account_exports
  for each row execute function private.queue_export_removal();

-- The one list of where personal data is. A test compares it with the columns that there are, so that a table that is
-- added later is in it or fails the test.
create table private.personal_data (
  source text primary key check (source ~ '^[a-z_]{1,60}$'),
  relation text not null unique,
  owned text not null,
  row_key text not null,
  secrets text[] not null default '{}',
  cascades boolean not null default true
);
comment on table private.personal_data is
  'Which rows are a person''s: what exportAccount gives and deleteAccount erases.';
comment on column private.personal_data.owned is 'The condition, in SQL, on a row `t`; $1 is the person''s id.';
comment on column private.personal_data.row_key is
  'An expression, in SQL, of text that is unique among a person''s rows.';
comment on column private.personal_data.secrets is 'Columns that open something, and so are in no archive.';
comment on column private.personal_data.cascades is 'Whether foreign keys erase it; the rest is erased by name.';

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  (
    'account', 'auth.users', 't.id = $1', 't.id::text',
    array[
      'encrypted_password', 'confirmation_token', 'recovery_token', 'email_change_token_new',
      'email_change_token_current', 'phone_change_token', 'reauthentication_token'
    ],
    true
  ),
  ('identities', 'auth.identities', 't.user_id = $1', 't.id::text', '{}', true),
  ('sign_ins', 'auth.sessions', 't.user_id = $1', 't.id::text', '{refresh_token_hmac_key}', true),
  ('profile', 'private.users', 't.id = $1', 't.id::text', '{}', true),
  ('projects', 'public.projects', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'project_images', 'public.project_images',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'project_videos', 'public.project_videos',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'project_tags', 'public.project_tags',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.tag', '{}', true
  ),
  (
    'project_technologies', 'public.project_technologies',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.technology', '{}', true
  ),
  (
    'social_metrics', 'public.social_metrics',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{}', true
  ),
  (
    'metric_sources', 'private.metric_sources',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.platform', '{lease_id}',
    true
  ),
  ('layouts', 'public.layouts', 't.user_id = $1', 't.id::text', '{}', true),
  ('ai_sessions', 'public.ai_sessions', 't.user_id = $1', 't.id::text', '{}', true),
  ('design_usage', 'private.design_usage', 't.user_id = $1', 't.day::text', '{}', true),
  ('design_runs', 'private.design_runs', 't.user_id = $1', 't.session_id::text', '{}', false),
  ('subscriptions', 'public.subscriptions', 't.user_id = $1', 't.id::text', '{}', true),
  ('stripe_customer', 'private.stripe_customers', 't.user_id = $1', 't.user_id::text', '{}', true),
  (
    'stripe_events', 'private.stripe_events',
    'exists (select from unnest(private.stripe_ids($1)) as id where strpos(t.hint::text, id) > 0)', 't.id', '{}', false
  ),
  (
    'billing_findings', 'private.billing_findings',
    't.details ->> ''user_id'' = $1::text or t.subject = any (private.stripe_ids($1))', 't.kind || t.subject', '{}',
    false
  ),
  ('notifications', 'public.notifications', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'notification_events', 'private.notification_events',
    't.notification_id in (select id from public.notifications where user_id = $1)',
    't.notification_id || t.message_id || t.event || t.occurred_at', '{}', true
  ),
  ('notification_preferences', 'public.notification_preferences', 't.user_id = $1', 't.type', '{}', true),
  ('notification_suppressions', 'private.notification_suppressions', 't.user_id = $1', 't.email', '{}', true),
  ('qr_codes', 'private.qr_codes', 't.user_id = $1', 't.name', '{}', true),
  ('media_uploads', 'private.media_uploads', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_exports', 'private.account_exports', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_deletions', 'private.account_deletions', 't.user_id = $1', 't.id::text', '{}', false),
  (
    'file_removals', 'private.file_removals', 'starts_with(t.name, $1 || ''/'')',
    't.bucket_id || ''/'' || t.name', '{}', false
  ),
  ('files', 'storage.objects', 'starts_with(t.name, $1 || ''/'')', 't.bucket_id || ''/'' || t.name', '{}', false);

-- One page of a person's rows, in the order of their keys.
create function public.export_account_rows(user_id uuid, source text, after text, batch int) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
#variable_conflict use_variable
declare
  wanted private.personal_data;
  page jsonb;
begin
  select * into wanted from private.personal_data as known where known.source = export_account_rows.source;
  if to_regclass(wanted.relation) is null then
    return '{"rows": [], "next": null}';
  end if;
  execute format(
    'select jsonb_build_object(
       ''rows'', coalesce(jsonb_agg(page.content order by page.key), ''[]''),
       ''next'', case when count(*) = $3 then max(page.key) end
     )
     from (
       select to_jsonb(t) - $4 as content, (%2$s) collate "C" as key from %1$s as t
       where (%3$s) and ((%2$s) collate "C" > $2 or $2 is null) order by key limit $3
     ) as page',
    wanted.relation, wanted.row_key, wanted.owned
  ) into page using user_id, after, batch, wanted.secrets;
  return page;
end
$$;
comment on function public.export_account_rows(uuid, text, text, int) is
  'A page of a person''s rows of one source: {"rows", "next"}; `next` is null on the last page.';

create function public.list_export_sources() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_agg(known.source order by known.source) from private.personal_data as known
$$;
comment on function public.list_export_sources() is 'The sources of an archive.';

-- One at a time; what was made before makes room. One that never finished counts for an hour.
create function public.begin_account_export(user_id uuid, lifetime_seconds int) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as person where person.id = $1 for no key update;
  if exists (
    select from private.account_exports as running
    where running.user_id = $1 and running.finished_at is null and running.started_at > now() - interval '1 hour'
  ) then
    return '{"reason": "export_in_progress"}';
  end if;
  delete from private.account_exports as earlier where earlier.user_id = $1;
  insert into private.account_exports (user_id, expires_at)
  select person.id, now() + make_interval(secs => lifetime_seconds) from private.users as person where person.id = $1
  returning * into made;
  return to_jsonb(made);
end
$$;
comment on function public.begin_account_export(uuid, int) is 'Makes room for an archive, and says which.';

create function public.finish_account_export(export_id uuid, size bigint, payload jsonb) returns void
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  person uuid;
begin
  update private.account_exports as made set finished_at = now(), size = $2 where made.id = $1
  returning made.user_id into person;
  perform private.queue_notification(person, 'data_export_ready', $1::text, payload);
end
$$;
comment on function public.finish_account_export(uuid, bigint, jsonb) is 'An archive is complete: its person is told.';

create function public.drop_account_exports(export_id uuid default null) returns void
language sql security definer set search_path = '' as $$
  delete from private.account_exports as made
  where made.id = export_id or (export_id is null and made.expires_at < now())
$$;
comment on function public.drop_account_exports(uuid) is 'Drops an archive, or all that have run out; their files go.';

-- Handlers only, and they through functions.
alter table private.account_exports enable row level security;

create policy "nobody through the API" on private.account_exports for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_exports from anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.personal_data enable row level security;

create policy "nobody through the API" on private.personal_data for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.personal_data from anon, authenticated, service_role;

revoke all on function private.queue_export_removal() from public, anon, authenticated, service_role;
revoke all on function public.export_account_rows(uuid, text, text, int) from public, anon, authenticated, service_role;
revoke all on function public.list_export_sources() from public, anon, authenticated, service_role;
revoke all on function public.begin_account_export(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports(uuid) from public, anon, authenticated, service_role;
grant execute on function public.export_account_rows(uuid, text, text, int) to service_role;
grant execute on function public.list_export_sources() to service_role;
grant execute on function public.begin_account_export(uuid, int) to service_role;
grant execute on function public.finish_account_export(uuid, bigint, jsonb) to service_role;
grant execute on function public.drop_account_exports(uuid) to service_role;

-- Leaving: a request that is remembered until nothing is left but its receipt.

create table private.account_deletions (
  id uuid primary key default gen_random_uuid(),
  -- No foreign key: it outlives the person, and forgets who it was in the end.
  user_id uuid unique,
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'done', 'canceled')),
  step text not null default 'billing' check (step in ('billing', 'files', 'notice', 'account', 'rest')),
  step_since timestamptz not null default now(),
  stripe_ids text[] not null default '{}',
  due_at timestamptz not null,
  next_attempt_at timestamptz not null default now(),
  attempts int not null default 0 check (attempts >= 0),
  last_error text check (char_length(last_error) <= 100),
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint account_deletions_receipt_check check (
    (status in ('done', 'canceled')) = (user_id is null) and (user_id is not null or stripe_ids = '{}')
  )
);
comment on table private.account_deletions is
  'Deletions of accounts; the id is the receipt. Anonymous once it is over.';
comment on column private.account_deletions.stripe_ids is 'What the person is called at Stripe, to erase traces by.';

create index account_deletions_next_attempt_at_idx on private.account_deletions (next_attempt_at)
  where status in ('scheduled', 'running');

-- What a person is called at Stripe, now and when they asked to leave.
create function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = '' as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
    union
    select customer.customer_id from private.stripe_customers as customer
    where customer.user_id = $1 and customer.customer_id is not null
    union
    select unnest(deletion.stripe_ids) from private.account_deletions as deletion where deletion.user_id = $1
    union
    select $1::text
  )
$$;
comment on function private.stripe_ids(uuid) is 'The ids by which Stripe''s events name a person.';

create function private.deletion_receipt(deletion private.account_deletions) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(deletion) - '{user_id,stripe_ids}'::text[]
$$;
comment on function private.deletion_receipt(private.account_deletions) is 'What the holder of a receipt may know.';

-- Asking twice is asking once.
create function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  if not exists (select from private.users as person where person.id = $1 and person.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$$;
comment on function public.request_account_deletion(uuid, text, int, int) is
  'Remembers that a person leaves; {"reason"} where they did not type their name or did not sign in just now.';

-- Only before it has begun.
create function public.cancel_account_deletion(user_id uuid) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  update private.account_deletions as asked
  set status = 'canceled', user_id = null, stripe_ids = '{}', finished_at = now()
  where asked.user_id = $1 and asked.status = 'scheduled' and asked.due_at > now()
  returning * into deletion;
  return case when deletion.id is not null then private.deletion_receipt(deletion) end;
end
$$;
comment on function public.cancel_account_deletion(uuid) is
  'Takes a request back while its grace lasts; null where it is late.';

create function public.get_account_deletion(receipt_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select private.deletion_receipt(deletion) from private.account_deletions as deletion where deletion.id = $1
$$;
comment on function public.get_account_deletion(uuid) is 'How far a deletion is, for whoever holds its receipt.';

create function public.lease_account_deletions(batch int, lease_seconds int, receipt_id uuid default null) returns jsonb
language sql security definer set search_path = '' as $$
  with due as (
    select deletion.id from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
      and deletion.next_attempt_at <= now() and ($3 is null or deletion.id = $3)
    order by deletion.next_attempt_at limit batch for update skip locked
  ),
  taken as (
    update private.account_deletions as deletion set
      status = 'running', attempts = deletion.attempts + 1,
      next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where due.id = deletion.id
    returning deletion.id, deletion.user_id, deletion.step, deletion.step_since, deletion.attempts
  )
  select coalesce(jsonb_agg(to_jsonb(taken)), '[]') from taken
$$;
comment on function public.lease_account_deletions(int, int, uuid) is 'Takes deletions (or one) that are to go on now.';

-- A step is done, or waits with a reason. Nothing else is mailed to somebody who is told good-bye.
create function public.record_account_deletion(receipt_id uuid, step text, error text, wait_seconds int) returns void
language sql security definer set search_path = '' as $$
  update public.notifications as notification set status = 'suppressed', error = 'account_deleted'
  where $2 = 'notice' and notification.status = 'queued' and notification.type <> 'account_deleted'
    and notification.user_id = (select asked.user_id from private.account_deletions as asked where asked.id = $1);
  update private.account_deletions as deletion set
    step = $2, last_error = $3,
    step_since = case when deletion.step = $2 then deletion.step_since else now() end,
    next_attempt_at = case when $4 is null then deletion.next_attempt_at else now() + make_interval(secs => $4) end
  where deletion.id = $1 and deletion.status = 'running';
$$;
comment on function public.record_account_deletion(uuid, text, text, int) is 'How far a deletion is, and why it waits.';

create function public.list_account_files(user_id uuid, after text, batch int) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(found) order by found.key), '[]') from (
    select object.bucket_id, object.name, (object.metadata ->> 'size')::bigint as size,
      (object.bucket_id || '/' || object.name) collate "C" as key
    from storage.objects as object
    where starts_with(object.name, $1 || '/')
      and ($2 is null or (object.bucket_id || '/' || object.name) collate "C" > $2)
    order by key limit batch
  ) as found
$$;
comment on function public.list_account_files(uuid, text, int) is 'A page of a person''s files, in every bucket.';

-- One transaction, by way of Auth's own table: hosted and local alike, and not without the request. What no foreign key
-- reaches is erased first, while the rows that tell whose it is are there.
create function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  person uuid;
  erased private.personal_data;
begin
  select deletion.user_id into person from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if person is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  for erased in
    select * from private.personal_data as known
    where not known.cascades and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    )
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using person;
  end loop;
  delete from auth.users as account where account.id = person;
end
$$;
comment on function public.delete_account(uuid) is 'Deletes the person behind a deletion that has come this far.';

create function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = '' as $$
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.hint::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
comment on function public.finish_account_deletion(uuid) is 'Leaves nothing but the receipt.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountDeletions', '*/5 * * * *', 'continueAccountDeletions');

-- Handlers only, and they through functions.
alter table private.account_deletions enable row level security;

create policy "nobody through the API" on private.account_deletions for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_deletions from anon, authenticated, service_role;

revoke all on function private.stripe_ids(uuid) from public, anon, authenticated, service_role;
revoke all on function private.deletion_receipt(private.account_deletions)
  from public, anon, authenticated, service_role;
revoke all on function public.request_account_deletion(uuid, text, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.cancel_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.get_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_deletions(int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_deletion(uuid, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_account_files(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.delete_account(uuid) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_deletion(uuid) from public, anon, authenticated, service_role;
grant execute on function public.request_account_deletion(uuid, text, int, int) to service_role;
grant execute on function public.cancel_account_deletion(uuid) to service_role;
grant execute on function public.get_account_deletion(uuid) to service_role;
grant execute on function public.lease_account_deletions(int, int, uuid) to service_role;
grant execute on function public.record_account_deletion(uuid, text, text, int) to service_role;
grant execute on function public.list_account_files(uuid, text, int) to service_role;
grant execute on function public.delete_account(uuid) to service_role;
grant execute on function public.finish_account_deletion(uuid) to service_role;
