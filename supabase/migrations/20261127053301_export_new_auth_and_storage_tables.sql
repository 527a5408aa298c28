-- Newer versions of Auth and Storage keep more about a user: what exportAccount gives and deleteAccount erases.

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
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
  -- S3 uploads under way; what is left of them goes with the account.
  (
    'multipart_uploads', 'storage.s3_multipart_uploads',
    'starts_with(t.key, $1 || ''/'') or t.owner_id = $1::text', 't.id', '{upload_signature}', false
  ),
  (
    'multipart_upload_parts', 'storage.s3_multipart_uploads_parts',
    'starts_with(t.key, $1 || ''/'') or t.owner_id = $1::text', 't.id::text', '{}', false
  );

-- Storage may be older than these tables.
create or replace function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  person uuid;
  erased private.personal_data;
begin
  select deletion.user_id into person from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if person is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.take_media_turn(person);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    ) and to_regclass(known.relation) is not null
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using person;
  end loop;
  delete from auth.users as account where account.id = person;
end
$$;
