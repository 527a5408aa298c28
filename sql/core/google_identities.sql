-- Who somebody is: the subject (sub) of one Google account, and nothing else (OpenID Connect Core 1.0, 5.7: an address may
-- be reassigned). Auth links a new Google account to an existing user by its verified address; here that is refused.

-- Before, so that nothing of a refused sign-in is stored. It is checked at each later sign-in too, which updates the
-- identity: one that was linked before this rule opens nothing any more.
-- Auth makes an identity of provider email itself, when an address is confirmed or an operator sets one: its id is the user's,
-- and nobody signs in by it. PT403: Auth answers an operator 403 and these words.
create function private.require_own_google_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  -- A soft deletion hides who it was.
  if tg_op = 'UPDATE' and exists (
    select from auth.users as account where account.id = new.user_id and account.deleted_at is not null
  ) then
    return new;
  end if;
  if new.provider = 'email' and new.provider_id = new.user_id::text and exists (
    select from private.users as profile where profile.id = new.user_id
  ) then
    return new;
  end if;
  if new.provider is distinct from 'google' then
    raise exception 'Sign-in is by Google only.' using errcode = 'PT403';
  end if;
  if exists (
    select from private.users as profile
    where profile.id = new.user_id and profile.google_id is distinct from left(new.provider_id, 255)
  ) then
    raise exception 'This address belongs to the account of another Google account.'
      using errcode = 'PT403', detail = format('user %s', new.user_id);
  end if;
  return new;
end
$$;
comment on function private.require_own_google_account() is
  'Trigger: an identity is Google''s and the one that its user began with, or the one that Auth makes of their address.';

create trigger require_own_google_account before insert or update on auth.identities
  for each row execute function private.require_own_google_account();

-- The other half, at the end of the transaction: a change of a profile's Google id is one of its identity too.
create function private.keep_google_id() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from auth.identities as identity
    where identity.user_id = new.id and identity.provider = 'google'
      and left(identity.provider_id, 255) <> new.google_id
  ) then
    raise exception 'The Google id of a profile is that of its identity.' using errcode = 'integrity_constraint_violation';
  end if;
  return null;
end
$$;
comment on function private.keep_google_id() is 'Trigger: the Google id changes with the identity only.';

create constraint trigger keep_google_id after update on private.users deferrable initially deferred
  for each row when (old.google_id is distinct from new.google_id)
  execute function private.keep_google_id();

create function private.no_address(user_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$ select user_id || '@no-address.invalid' $$;
comment on function private.no_address(uuid) is 'The address of a profile that has none: it cannot receive mail.';

-- Frees what this user's rows say about an address, in Auth's tables too: Auth looks there for whom to link.
create function private.release_address(user_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update auth.identities as identity set identity_data = identity.identity_data || jsonb_build_object(
    'email', private.no_address($1), 'email_verified', false
  ) where identity.user_id = $1;
  update auth.users as account set email = private.no_address($1) where account.id = $1;
  update private.users as profile set email = private.no_address($1) where profile.id = $1;
$$;
comment on function private.release_address(uuid) is
  'Operators: the address of this user is no longer theirs; who has it now can sign in to an account of their own.';

-- An address is of the account whose identity Google named it for last. Elsewhere it is stale, and mail about one account
-- would reach the owner of another.
create function private.set_address(profile uuid, given text, is_verified boolean) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  address constant text := lower(trim(given));
begin
  if char_length(address) not between 1 and 255 or address is null then
    return;
  end if;
  if is_verified then
    perform private.release_address(stale.id) from (
      select other.id from private.users as other where other.email = address
      union select account.id from auth.users as account where account.email = address
      union select identity.user_id from auth.identities as identity where identity.email = address
    ) as stale where stale.id <> profile;
  end if;
  update private.users set email = address where id = profile and email <> address;
  update auth.users set email = address where id = profile and email is distinct from address;
exception
  when unique_violation then
    raise log 'The new address of profile % is another profile''s: it keeps the old one.', profile;
end
$$;
comment on function private.set_address(uuid, text, boolean) is
  'Gives a profile and its account a new address; a verified one is taken from where it is stale.';

create function private.update_email() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.set_address(new.id, new.email, false);
  return null;
end
$$;
comment on function private.update_email() is 'Trigger: the address of the account changed.';

create trigger update_email after update of email on auth.users
  for each row when (old.email is distinct from new.email)
  execute function private.update_email();

-- The identity is what Google said last, and nobody can edit it. An address that was set in another way lasts until then.
create function private.follow_identity() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  verified constant text := new.identity_data ->> 'email_verified';
begin
  if new.provider <> 'google' then
    return null; -- update_email follows the account's own address
  end if;
  -- Of a soft-deleted account: the Google account is free for another.
  update private.users as profile set google_id = left(new.provider_id, 255)
  where profile.id = new.user_id and profile.google_id <> left(new.provider_id, 255);
  if verified is distinct from 'false' then
    perform private.set_address(new.user_id, new.identity_data ->> 'email', coalesce(verified = 'true', false));
  end if;
  delete from auth.identities as other
  where other.user_id = new.user_id and other.provider = 'email' and other.email is distinct from new.email;
  return null;
end
$$;
comment on function private.follow_identity() is 'Trigger: the profile follows the address of its identity.';

create trigger follow_identity after insert or update on auth.identities
  for each row execute function private.follow_identity();

-- For somebody who has lost their Google account and proved who they are. The sessions of the old one end.
create function private.replace_google_account(user_id uuid, google_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.users as profile set google_id = $2 where profile.id = $1;
  if not found then
    raise exception 'There is no such user.' using errcode = 'no_data_found';
  end if;
  delete from auth.identities as identity where identity.user_id = $1 and identity.id <> (
    select kept.id from auth.identities as kept
    where kept.user_id = $1 and kept.provider = 'google' order by kept.created_at, kept.id limit 1
  );
  update auth.identities as identity set
    provider_id = $2,
    identity_data = identity.identity_data || jsonb_build_object('sub', $2, 'provider_id', $2)
  where identity.user_id = $1 and identity.provider = 'google';
  delete from auth.sessions as session where session.user_id = $1;
end
$$;
comment on function private.replace_google_account(uuid, text) is
  'Operators: this user signs in with another Google account (its sub) from now on.';
