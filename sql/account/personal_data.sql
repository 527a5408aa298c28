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
    'project_totals', 'private.project_totals',
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
-- stays as long as the platform keeps it, and delays nobody's deletion.
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
