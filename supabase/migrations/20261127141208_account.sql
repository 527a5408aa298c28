-- Account, number 8 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/account/personal_data.sql

-- What is a user's, table by table: what exportAccount gives and deleteAccount erases.

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
  'Which rows are a user''s: what exportAccount gives and deleteAccount erases.';
comment on column private.personal_data.owned is 'The condition, in SQL, on a row `t`; $1 is the user''s id.';
comment on column private.personal_data.row_key is
  'An expression, in SQL, of text that is unique among a user''s rows.';
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
  (
    'sign_in_renewals', 'auth.refresh_tokens',
    't.session_id in (select id from auth.sessions where user_id = $1)', 't.id::text', '{token,parent}', true
  ),
  -- Without a foreign key. The log names users in what it says; some entries are about one who did not act.
  (
    'sign_in_flows', 'auth.flow_state', 't.user_id = $1', 't.id::text',
    '{auth_code,code_challenge,provider_access_token,provider_refresh_token,invite_token}', false
  ),
  -- Goes with its flow.
  (
    'single_sign_on_flows', 'auth.saml_relay_states',
    't.flow_state_id in (select id from auth.flow_state where user_id = $1)', 't.id::text', '{request_id}', true
  ),
  (
    'sign_in_log', 'auth.audit_log_entries', 'strpos(t.payload::text, $1::text) > 0', 't.id::text', '{}', false
  ),
  -- Second factors, links in e-mails, passkeys, and applications that a user signed in to by this project: newer versions
  -- of Auth have these tables.
  (
    'second_factors', 'auth.mfa_factors', 't.user_id = $1', 't.id::text',
    '{secret,web_authn_credential,last_webauthn_challenge_data}', true
  ),
  (
    'second_factor_challenges', 'auth.mfa_challenges',
    't.factor_id in (select id from auth.mfa_factors where user_id = $1)', 't.id::text',
    '{otp_code,web_authn_session_data}', true
  ),
  (
    'sign_in_methods', 'auth.mfa_amr_claims',
    't.session_id in (select id from auth.sessions where user_id = $1)', 't.id::text', '{}', true
  ),
  ('one_time_tokens', 'auth.one_time_tokens', 't.user_id = $1', 't.id::text', '{token_hash}', true),
  ('passkeys', 'auth.webauthn_credentials', 't.user_id = $1', 't.id::text', '{credential_id,public_key}', true),
  ('passkey_challenges', 'auth.webauthn_challenges', 't.user_id = $1', 't.id::text', '{session_data}', true),
  (
    'oauth_authorizations', 'auth.oauth_authorizations', 't.user_id = $1', 't.id::text',
    '{authorization_id,authorization_code,code_challenge,state,nonce}', true
  ),
  ('oauth_consents', 'auth.oauth_consents', 't.user_id = $1', 't.id::text', '{}', true),
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
  ('former_usernames', 'private.former_usernames', 't.user_id = $1', 't.username_hash', '{}', true),
  ('former_slugs', 'private.former_slugs', 't.user_id = $1', 't.slug', '{}', true),
  (
    'project_search', 'private.project_search',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id::text', '{}', true
  ),
  (
    'project_previews', 'public.project_previews',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{token_hash}', true
  ),
  (
    'project_views', 'public.project_views',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id || t.day::text', '{}', true
  ),
  ('project_reports', 'public.project_reports', 't.reporter_id = $1', 't.id::text', '{}', true),
  (
    'moderation_actions', 'public.moderation_actions',
    't.project_id in (select id from public.projects where user_id = $1)', 't.id::text', '{operator}', true
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
  ('metric_user_quotas', 'private.metric_user_quotas', 't.user_id = $1', 't.platform', '{}', true),
  ('layouts', 'public.layouts', 't.user_id = $1', 't.id::text', '{}', true),
  ('ai_sessions', 'public.ai_sessions', 't.user_id = $1', 't.id::text', '{}', true),
  ('design_usage', 'private.design_usage', 't.user_id = $1', 't.day::text', '{}', true),
  ('design_runs', 'private.design_runs', 't.user_id = $1', 't.session_id::text', '{}', false),
  ('subscriptions', 'public.subscriptions', 't.user_id = $1', 't.id::text', '{}', true),
  ('stripe_customer', 'private.stripe_customers', 't.user_id = $1', 't.customer_id', '{}', true),
  (
    'stripe_subscriptions', 'private.stripe_subscriptions',
    't.stripe_id in (select stripe_id from public.subscriptions where user_id = $1)', 't.stripe_id', '{}', true
  ),
  ('invoices', 'public.invoices', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'stripe_invoices', 'private.stripe_invoices',
    't.stripe_id in (select stripe_id from public.invoices where user_id = $1)', 't.stripe_id', '{}', true
  ),
  (
    'stripe_events', 'private.stripe_events',
    'exists (select from unnest(private.stripe_ids($1)) as id where strpos(t.reference::text, id) > 0)', 't.id', '{}', false
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
  ('storage_usage', 'private.storage_usage', 't.user_id = $1', 't.user_id::text', '{}', true),
  ('media_uploads', 'private.media_uploads', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_exports', 'private.account_exports', 't.user_id = $1', 't.id::text', '{}', true),
  ('account_deletions', 'private.account_deletions', 't.user_id = $1', 't.id::text', '{}', false),
  (
    'file_removals', 'private.file_removals', 'starts_with(t.name, $1 || ''/'')',
    't.bucket_id || ''/'' || t.name', '{}', false
  ),
  -- S3 uploads under way; what is left of them goes with the account.
  (
    'multipart_uploads', 'storage.s3_multipart_uploads',
    'starts_with(t.key, $1 || ''/'') or t.owner_id = $1::text', 't.id', '{upload_signature}', false
  ),
  (
    'multipart_upload_parts', 'storage.s3_multipart_uploads_parts',
    'starts_with(t.key, $1 || ''/'') or t.owner_id = $1::text', 't.id::text', '{}', false
  ),
  ('files', 'storage.objects', 'starts_with(t.name, $1 || ''/'')', 't.bucket_id || ''/'' || t.name', '{}', false);

-- One page of a user's rows, in the order of their keys: so many, and no more bytes than memory takes easily, but at
-- least one. Rows are read one by one, by their place (ctid): the keys alone say how far a page may go.
create function public.export_account_rows(user_id uuid, source text, after text, batch int) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  most constant bigint := 4 * 1024 * 1024;
  wanted private.personal_data;
  place tid;
  key text;
  last text;
  content jsonb;
  page jsonb[] := '{}';
  bytes bigint := 0;
begin
  select * into wanted from private.personal_data as known where known.source = export_account_rows.source;
  if to_regclass(wanted.relation) is null then
    return '{"rows": [], "next": null}';
  end if;
  for place, key in execute format(
    'select t.ctid, (%2$s) collate "C" as key from %1$s as t
     where (%3$s) and ((%2$s) collate "C" > $2 or $2 is null) order by key limit $3',
    wanted.relation, wanted.row_key, wanted.owned
  ) using user_id, after, batch
  loop
    execute format('select to_jsonb(t) - $2 from %s as t where t.ctid = $1', wanted.relation)
      into content using place, wanted.secrets;
    bytes := bytes + octet_length(content::text);
    if bytes > most and last is not null then
      return jsonb_build_object('rows', to_jsonb(page), 'next', last);
    end if;
    page := array_append(page, content);
    last := key;
  end loop;
  return jsonb_build_object('rows', to_jsonb(page), 'next', case when cardinality(page) = batch then last end);
end
$$;
comment on function public.export_account_rows(uuid, text, text, int) is
  'A page of a user''s rows of one source: {"rows", "next"}; `next` is null on the last page.';

create function public.list_export_sources() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_agg(known.source order by known.source) from private.personal_data as known
$$;
comment on function public.list_export_sources() is 'The sources of an archive.';

-- Auth's own tables, which are the platform's to change: what it forbids, or what takes too long in a log of millions,
-- stays as long as the platform keeps it, and holds up nobody's deletion.
create function private.erase_from_auth(user_id uuid) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  erased private.personal_data;
begin
  for erased in
    select * from private.personal_data as known where not known.cascades and starts_with(known.relation, 'auth.')
  loop
    begin
      execute format('delete from %s as t where %s', erased.relation, erased.owned) using user_id;
    exception
      when insufficient_privilege or undefined_table or undefined_column or lock_not_available or query_canceled then
        raise warning 'A user''s rows stay in %: %', erased.relation, sqlstate;
    end;
  end loop;
end
$$;
comment on function private.erase_from_auth(uuid) is
  'Deletes what no foreign key reaches in Auth''s tables, as far as that is allowed.';

-- sql/account/account_exports.sql

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

-- sql/account/account_deletions.sql

-- Leaving: a request that is remembered until nothing is left but its receipt.

create table private.account_deletions (
  id uuid primary key default gen_random_uuid(),
  -- No foreign key: it outlives the user, and forgets who it was in the end.
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
comment on column private.account_deletions.stripe_ids is 'What the user is called at Stripe, to erase traces by.';

create index account_deletions_next_attempt_at_idx on private.account_deletions (next_attempt_at)
  where status in ('scheduled', 'running');

-- What a user is called at Stripe, now and when they asked to leave.
create function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
    union
    select invoice.stripe_id from public.invoices as invoice where invoice.user_id = $1
    union
    select customer.customer_id from private.stripe_customers as customer
    where customer.user_id = $1
    union
    select unnest(deletion.stripe_ids) from private.account_deletions as deletion where deletion.user_id = $1
    union
    select $1::text
  )
$$;
comment on function private.stripe_ids(uuid) is 'The ids by which Stripe''s events name a user.';

create function private.deletion_receipt(deletion private.account_deletions) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(deletion) - '{user_id,stripe_ids}'::text[]
$$;
comment on function private.deletion_receipt(private.account_deletions) is 'What the holder of a receipt may know.';

-- Asking twice is asking once, also under a name that has changed since: a caller that lost the answer gets it again.
create function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  if found then
    return private.deletion_receipt(deletion);
  elsif not exists (select from private.users as profile where profile.id = $1) then
    return '{"reason": "account_gone"}';
  elsif not exists (select from private.users as profile where profile.id = $1 and profile.username = $2) then
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
  'Remembers that a user leaves; {"reason"} where they are gone, did not type their name or did not sign in just now.';

-- Only before it has begun.
create function public.cancel_account_deletion(user_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.deletion_receipt(deletion) from private.account_deletions as deletion where deletion.id = $1
$$;
comment on function public.get_account_deletion(uuid) is 'How far a deletion is, for a caller with its receipt.';

create function public.lease_account_deletions(batch int, lease_seconds int, receipt_id uuid default null) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
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

-- A step is done, or waits with a reason. A user who got the last e-mail gets no other.
create function public.record_account_deletion(receipt_id uuid, step text, error text, wait_seconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(found) order by found.key), '[]') from (
    select object.bucket_id, object.name, (object.metadata ->> 'size')::bigint as size,
      (object.bucket_id || '/' || object.name) collate "C" as key
    from storage.objects as object
    where starts_with(object.name, $1 || '/')
      and ($2 is null or (object.bucket_id || '/' || object.name) collate "C" > $2)
    order by key limit batch
  ) as found
$$;
comment on function public.list_account_files(uuid, text, int) is 'A page of a user''s files, in every bucket.';

-- One transaction, by way of Auth's own table: hosted and local alike, and not without the request. What no foreign key
-- reaches is erased first, while the rows that tell whose it is are there.
create function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaving uuid;
  erased private.personal_data;
begin
  select deletion.user_id into leaving from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if leaving is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.lock_user_media(leaving);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    ) and to_regclass(known.relation) is not null
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using leaving;
  end loop;
  delete from auth.users as account where account.id = leaving;
end
$$;
comment on function public.delete_account(uuid) is 'Deletes the user behind a deletion that has come this far.';

create function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select private.erase_from_auth(deletion.user_id) from private.account_deletions as deletion
  where deletion.id = $1 and deletion.user_id is not null;
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.reference::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
comment on function public.finish_account_deletion(uuid) is 'Leaves nothing but the receipt.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountDeletions', '*/5 * * * *', 'continueAccountDeletions');

-- sql/account/deletion_tombstones.sql

-- Whom a restored backup must not bring back. A hash of a random id says nothing to anybody who has not the id.

create table private.deletion_tombstones (
  user_id_hash text primary key check (user_id_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);
comment on table private.deletion_tombstones is
  'Hashes of the ids of users who were deleted in the last 90 days, for as long as there are backups with them.';

create function private.user_id_hash(user_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(user_id::text::bytea), 'hex')
$$;
comment on function private.user_id_hash(uuid) is 'What is remembered of a deleted user.';

create function private.record_deletion_tombstone() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.deletion_tombstones (user_id_hash) values (private.user_id_hash(old.id)) on conflict do nothing;
  delete from private.deletion_tombstones as gone where gone.deleted_at < now() - interval '90 days';
  return null;
end
$$;
comment on function private.record_deletion_tombstone() is 'Trigger: however a user was deleted.';

create trigger record_deletion_tombstone after delete on private.users
  for each row execute function private.record_deletion_tombstone();

-- By the ordinary way, so that Stripe and the stored files are seen to. Everybody is remembered, for the restore after this one.
create function private.delete_users_again(hashes text[]) returns int
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.deletion_tombstones (user_id_hash) select unnest(hashes) on conflict do nothing;
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select profile.id, private.stripe_ids(profile.id), now()
    from private.users as profile where private.user_id_hash(profile.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$$;
comment on function private.delete_users_again(text[]) is
  'After a restore: asks for the deletion of those who had been deleted since; how many there are.';

-- sql/account/usage_carryover.sql

-- What a user used of today's share does not come back with a new account: who leaves and signs in again with the same
-- Google account goes on where they were.

create table private.usage_carryover (
  google_hash text not null check (google_hash ~ '^[0-9a-f]{64}$'),
  what text not null check (what in ('designs', 'linkedin', 'github', 'twitter')),
  day date not null,
  used int not null check (used >= 0),
  attempts int not null default 0,
  primary key (google_hash, what)
);
comment on table private.usage_carryover is
  'What users who left today had used of what there is for a day: under a hash of their Google id.';
comment on column private.usage_carryover.what is 'Designs, or posts that a platform was asked about.';
comment on column private.usage_carryover.attempts is 'Of designs, those that failed too.';

-- Before the cascades take the rows. The row of the user is locked by now, so that nothing is counted after this.
create function private.save_usage_carryover() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.usage_carryover where day < today;
  insert into private.usage_carryover as kept (google_hash, what, day, used, attempts)
  select encode(sha256(old.google_id::bytea), 'hex'), counted.*
  from (
    select 'designs', usage.day, usage.used, usage.attempts from private.design_usage as usage
    where usage.user_id = old.id and usage.day = today
    union all
    select share.platform, share.day, share.units, 0 from private.metric_user_quotas as share
    where share.user_id = old.id and share.day = today
  ) as counted
  on conflict (google_hash, what) do update set used = excluded.used, attempts = excluded.attempts;
  return old;
end
$$;
comment on function private.save_usage_carryover() is 'Trigger: what was used today is kept when a user is deleted.';

create trigger save_usage_carryover before delete on private.users
  for each row execute function private.save_usage_carryover();

create function private.restore_usage_carryover() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.usage_carryover where day < (now() at time zone 'utc')::date;
  with kept as (
    delete from private.usage_carryover where google_hash = encode(sha256(new.google_id::bytea), 'hex')
    returning what, day, used, attempts
  ),
  designs as (
    insert into private.design_usage (user_id, day, used, attempts)
    select new.id, kept.day, kept.used, kept.attempts from kept where kept.what = 'designs'
  )
  insert into private.metric_user_quotas (user_id, platform, day, units)
  select new.id, kept.what, kept.day, kept.used from kept where kept.what <> 'designs';
  return null;
end
$$;
comment on function private.restore_usage_carryover() is 'Trigger: who comes back on the same day has used what they used.';

create trigger restore_usage_carryover after insert on private.users
  for each row execute function private.restore_usage_carryover();

-- policies/account.sql

-- Who may read, write and call what of account: row-level security, and grants by column where a row mixes public and private.

-- Handlers only, and they through functions.
alter table private.personal_data enable row level security;

create policy "nobody through the API" on private.personal_data for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.personal_data from anon, authenticated, service_role;

revoke all on function private.erase_from_auth(uuid) from public, anon, authenticated, service_role;
revoke all on function public.export_account_rows(uuid, text, text, int) from public, anon, authenticated, service_role;
revoke all on function public.list_export_sources() from public, anon, authenticated, service_role;
grant execute on function public.export_account_rows(uuid, text, text, int) to service_role;
grant execute on function public.list_export_sources() to service_role;

-- Handlers only, and they through functions.
alter table private.account_exports enable row level security;

create policy "nobody through the API" on private.account_exports for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_exports from anon, authenticated, service_role;

revoke all on function private.queue_export_removal() from public, anon, authenticated, service_role;
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

-- The database's owner alone.
alter table private.deletion_tombstones enable row level security;

create policy "nobody through the API" on private.deletion_tombstones for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.deletion_tombstones from anon, authenticated, service_role;

revoke all on function private.user_id_hash(uuid) from public, anon, authenticated, service_role;
revoke all on function private.record_deletion_tombstone() from public, anon, authenticated, service_role;
revoke all on function private.delete_users_again(text[]) from public, anon, authenticated, service_role;

-- The database's owner alone.
alter table private.usage_carryover enable row level security;

create policy "nobody through the API" on private.usage_carryover for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.usage_carryover from anon, authenticated, service_role;

revoke all on function private.save_usage_carryover() from public, anon, authenticated, service_role;
revoke all on function private.restore_usage_carryover() from public, anon, authenticated, service_role;

reset check_function_bodies;
