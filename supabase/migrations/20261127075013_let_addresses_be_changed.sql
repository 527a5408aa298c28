-- Auth makes an identity of provider email where an address is changed: by its owner, who confirms it, or by an operator. It was
-- refused, and the click that confirms failed. It passes now; the address follows Google again at the next sign-in.
-- A soft deletion of an account passes too. Refusals answer operators 403 (PT403), not 500.

create or replace function private.create_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the person's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1), 24),
    private.slug(new.raw_user_meta_data ->> 'name', 24),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    -- PT403: Auth answers an operator who makes an account 403 and these words.
    raise exception 'Sign-in is by Google only.' using errcode = 'PT403';
  end if;
  loop
    perform private.lock_usernames(candidate);
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
      and not private.is_username_held(candidate, new.id)
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

create or replace function private.require_own_google_account() returns trigger
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

create or replace function private.keep_google_id() returns trigger
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

create or replace function private.follow_identity() returns trigger
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

create or replace function private.replace_google_account(user_id uuid, google_id text) returns void
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
comment on function private.require_own_google_account() is
  'Trigger: an identity is Google''s and the one that its user began with, or the one that Auth makes of their address.';
