-- Profiles are at the root of the site: a person called login or admin would stand where a page of ours is.

create table private.reserved_usernames (
  username text primary key check (username ~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$')
);
comment on table private.reserved_usernames is
  'Names that nobody can take: profiles are at the site''s root, beside its own pages, and some names speak for us.';

insert into private.reserved_usernames (username)
select word from regexp_split_to_table('
    about abuse account accounts admin administrator anonymous api app apps assets auth authorize billing blog
    callback card careers cdn checkout community contact cookies dashboard design designs developer developers docs
    download downloads edit email explore export faq favicon feed feedback files ftp functions graphql health help
    home images img index info invite jobs layouts legal login logout mail media metrics mobile moderator newsletter
    notifications null oauth official onboarding password payment payments plans portal press pricing privacy
    private profile profiles project projects public register rest robots root rss sales search security session
    sessions settings shop showcase sign-in sign-out sign-up signin signout signup site sitemap smtp sso staff
    static status storage store stripe subscribe subscription subscriptions support system tags team technologies
    templates terms tos undefined unsubscribe upload uploads users verify video videos webhook webhooks webmaster
    www
  ', '\s+') as word
where word <> '';

-- Definer, because no role of the API may read the list. Who has such a name already keeps it.
create function private.refuse_reserved_username() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', hint = 'Choose another username.';
  end if;
  return new;
end
$$;
comment on function private.refuse_reserved_username() is 'Trigger: nobody takes a reserved name.';

create trigger refuse_reserved_username before insert on private.users
  for each row execute function private.refuse_reserved_username();
create trigger refuse_reserved_rename before update on private.users
  for each row when (old.username is distinct from new.username) execute function private.refuse_reserved_username();

alter table private.reserved_usernames enable row level security;

create policy "nobody through the API" on private.reserved_usernames for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.reserved_usernames from anon, authenticated, service_role;

revoke all on function private.refuse_reserved_username() from public, anon, authenticated, service_role;

-- The first sign-in makes the profile. Whatever Google says about a person, this succeeds: a name that is taken or
-- reserved gets a number, an address that is missing, too long or another profile's is replaced by one that cannot
-- receive mail.
create or replace function private.create_profile() returns trigger
language plpgsql security definer set search_path = '' as $$
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
        else new.id || '@no-address.invalid'
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
