-- From a sign-in with Google to a profile. Auth inserts auth.users first and auth.identities after it, in one
-- transaction; at later sign-ins it updates both. raw_user_meta_data can be edited by its owner, so that only the first
-- insert (made from Google's answer) is asked for the Google id, and the address comes from Auth's own columns.

-- Lower-case ASCII words joined by hyphens: "José García" gives jose-garcia, and what has no such letters gives null.
create function private.slug(given text, longest int) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select nullif(trim(both '-_' from left(trim(both '-_' from regexp_replace(
    lower(regexp_replace(normalize(left(given, 255), nfkd), '[\u0300-\u036f]', '', 'g')), '[^a-z0-9_]+', '-', 'g'
  )), longest)), '')
$$;
comment on function private.slug(text, int) is 'Lower-case ASCII of at most so many characters, for an address; or null.';

-- A picture that the profile can hold, or none.
create function private.picture_from(metadata jsonb) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select picture
  from unnest(array[metadata ->> 'avatar_url', metadata ->> 'picture']) with ordinality as given (picture, rank)
  where picture ~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' and char_length(picture) <= 2048
  order by rank
  limit 1
$$;
comment on function private.picture_from(jsonb) is 'The http(s) address of the picture in Google''s claims, or null.';

-- The first sign-in makes the profile. Whatever Google says about a user, this succeeds: a name that is taken, held or
-- reserved gets a number, an address that is missing, too long or another profile's is replaced by one that cannot
-- receive mail.
create function private.create_profile() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the user's name.
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
comment on function private.create_profile() is 'Trigger: the first sign-in makes the profile.';

create trigger create_profile after insert on auth.users
  for each row execute function private.create_profile();

-- Later sign-ins bring the new picture, unless the user has chosen another one meanwhile.
create function private.update_picture() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.users set avatar_url = private.picture_from(new.raw_user_meta_data)
  where id = new.id and avatar_url is not distinct from private.picture_from(old.raw_user_meta_data);
  return null;
end
$$;
comment on function private.update_picture() is 'Trigger: a later sign-in brings the new picture.';

create trigger update_picture after update of raw_user_meta_data on auth.users
  for each row when (old.raw_user_meta_data is distinct from new.raw_user_meta_data)
  execute function private.update_picture();

-- Auth asks this before it makes an account: the earlier and kinder refusal, where hooks are served.
-- Its address in the configuration of Auth: pg-functions://postgres/private/before_user_created
create function private.before_user_created(event jsonb) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select case
    when event #>> '{user,app_metadata,provider}' = 'google' then '{}'::jsonb
    else '{"error": {"http_code": 403, "message": "Please sign in with Google."}}'::jsonb
  end
$$;
comment on function private.before_user_created(jsonb) is
  'Hook of Auth: refuses accounts that do not come from Google.';
