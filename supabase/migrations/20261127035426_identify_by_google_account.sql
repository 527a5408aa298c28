-- Who somebody is: the subject (sub) of one Google account, and nothing else (OpenID Connect Core 1.0, 5.7: an address may
-- be reassigned). Auth links a new Google account to an existing user by its verified address; here that is refused.

-- Before, so that nothing of a refused sign-in is stored. It is checked at each later sign-in too, which updates the
-- identity: one that was linked before this rule opens nothing any more.
create function private.require_own_google_account() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.provider is distinct from 'google' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
  end if;
  if exists (
    select from private.users as profile
    where profile.id = new.user_id and profile.google_id is distinct from left(new.provider_id, 255)
  ) then
    raise exception 'This address belongs to the account of another Google account.'
      using errcode = 'insufficient_privilege', detail = format('user %s', new.user_id);
  end if;
  return new;
end
$$;
comment on function private.require_own_google_account() is
  'Trigger: an identity is Google''s, and the one that its user began with.';

create trigger require_own_google_account before insert or update on auth.identities
  for each row execute function private.require_own_google_account();

-- The other half, at the end of the transaction: whoever changes a profile's Google id changes its identity with it.
create function private.keep_google_id() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (
    select from auth.identities as identity
    where identity.user_id = new.id and left(identity.provider_id, 255) <> new.google_id
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

create or replace function private.update_email() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.set_address(new.id, new.email, false);
  return null;
end
$$;
comment on function private.update_email() is 'Trigger: the address of the account changed.';

-- The identity is what Google said last, and nobody can edit it.
create or replace function private.follow_identity() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  verified constant text := new.identity_data ->> 'email_verified';
begin
  if verified is distinct from 'false' then
    perform private.set_address(new.user_id, new.identity_data ->> 'email', coalesce(verified = 'true', false));
  end if;
  return null;
end
$$;
comment on function private.follow_identity() is 'Trigger: the profile follows the address of its identity.';

-- For somebody who has lost their Google account and proved who they are. The sessions of the old one end.
create function private.replace_google_account(user_id uuid, google_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.users as profile set google_id = $2 where profile.id = $1;
  if not found then
    raise exception 'There is no such user.' using errcode = 'no_data_found';
  end if;
  delete from auth.identities as identity where identity.user_id = $1 and identity.id <> (
    select kept.id from auth.identities as kept where kept.user_id = $1 order by kept.created_at, kept.id limit 1
  );
  update auth.identities as identity set
    provider_id = $2,
    identity_data = identity.identity_data || jsonb_build_object('sub', $2, 'provider_id', $2)
  where identity.user_id = $1;
  delete from auth.sessions as session where session.user_id = $1;
end
$$;
comment on function private.replace_google_account(uuid, text) is
  'Operators: this user signs in with another Google account (its sub) from now on.';

-- The first sign-in makes the profile. Whatever Google says about a person, this succeeds: a name that is taken or
-- reserved gets a number, an address that is missing, too long or another profile's is replaced by one that cannot
-- receive mail.
create or replace function private.create_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the person's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1)),
    private.slug(new.raw_user_meta_data ->> 'name'),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    raise exception 'Sign-in is by Google only.' using errcode = 'insufficient_privilege';
  end if;
  loop
    insert into private.users (id, email, username, avatar_url, google_id)
    select
      new.id,
      case
        when char_length(address) <= 255 and not exists (select from private.users where email = address) then address
        else private.no_address(new.id)
      end,
      candidate,
      private.picture_from(new.raw_user_meta_data),
      left(subject, 255)
    where not exists (select from private.reserved_usernames as reserved where reserved.username = candidate)
    on conflict do nothing; -- waits for a concurrent sign-up with the same name, and then looks again
    exit when found;
    if exists (select from private.users where google_id = left(subject, 255)) then
      raise exception 'This Google account has a profile already.' using errcode = 'unique_violation';
    end if;
    attempt := attempt + 1;
    candidate := case
      when attempt < 10 then name || '-' || attempt
      when attempt < 30 then name || '-' || lpad((random() * 999999)::int::text, 6, '0')
      else replace(new.id::text, '-', '')
    end;
  end loop;
  return null;
end
$$;

drop function private.set_email(uuid, text);

-- Triggers need no grant; the two for operators are called as the owner of the database, in the SQL editor.
revoke all on function private.require_own_google_account() from public;
revoke all on function private.keep_google_id() from public;
revoke all on function private.no_address(uuid) from public;
revoke all on function private.release_address(uuid) from public;
revoke all on function private.set_address(uuid, text, boolean) from public;
revoke all on function private.update_email() from public;
revoke all on function private.follow_identity() from public;
revoke all on function private.replace_google_account(uuid, text) from public;

-- Auth never moved the address of an account after its identity's: whoever has the old address now would be linked to it.
do $$
declare
  moved record;
begin
  for moved in
    select identity.user_id, identity.identity_data ->> 'email' as address
    from auth.identities as identity
    join auth.users as account on account.id = identity.user_id and account.email is distinct from identity.email
    join private.users as profile on profile.id = account.id and profile.google_id = left(identity.provider_id, 255)
    where identity.provider = 'google' and identity.identity_data ->> 'email_verified' = 'true'
    order by identity.last_sign_in_at, identity.id
  loop
    perform private.set_address(moved.user_id, moved.address, true);
  end loop;
end
$$;

-- A bounce or a spam report silences an address for the user whose it was, and not for the next.
create or replace function public.lease_notifications(
  batch int, settle_seconds int, give_up_seconds int, notification_id uuid default null
) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
  with due as materialized (
    select notification.id, notification.user_id, notification.type, notification.status, notification.attempts,
      notification.created_at, private.email_of(notification.user_id) as email
    from public.notifications as notification
    where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
      and ($4 is null or notification.id = $4)
    order by notification.next_attempt_at
    limit batch
    for update skip locked
  ),
  judged as materialized (
    select due.id, due.email, verdict.status, verdict.error
    from due cross join lateral (
      select
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds) then 'failed'
          when due.email is null or due.email ~ '[.@]invalid$' then 'suppressed'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'suppressed'
          else 'sending'
        end as status,
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds)
            then case when due.status = 'sending' then 'gave_up: never_settled' else 'gave_up' end
          when due.email is null or due.email ~ '[.@]invalid$' then 'no_address'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'address_suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'declined'
        end as error
    ) as verdict
  ),
  taken as (
    update public.notifications as notification set
      status = judged.status,
      error = coalesce(judged.error, notification.error),
      attempts = notification.attempts + case when judged.status = 'sending' then 1 else 0 end,
      next_attempt_at = now() + make_interval(secs => settle_seconds)
    from judged where judged.id = notification.id
    returning notification.*, judged.email
  )
  select jsonb_build_object(
    'closed', count(*) filter (where taken.status <> 'sending'),
    'notifications', coalesce(
      jsonb_agg(jsonb_build_object(
        'id', taken.id, 'user_id', taken.user_id, 'type', taken.type, 'attempt', taken.attempts, 'email', taken.email,
        'username', (select person.username from private.users as person where person.id = taken.user_id),
        'payload', taken.payload
      ) order by taken.created_at) filter (where taken.status = 'sending'),
      '[]'
    )
  ) from taken
$$;
