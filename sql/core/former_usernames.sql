-- Usernames that were given up. For 90 days nobody else gets one, and it leads to its former owner for as long as nobody else
-- has it: a printed QR code must not lead to a stranger.

create table private.former_usernames (
  -- A hash, because the hold outlives an account that is deleted.
  username_hash text primary key constraint former_usernames_username_hash_format check (username_hash ~ '^[0-9a-f]{64}$'),
  user_id uuid references private.users (id) on delete set null,
  freed_at timestamptz not null default now()
);
comment on table private.former_usernames is 'Usernames that were given up, by their SHA-256, and by whom.';
comment on column private.former_usernames.user_id is 'Where the name still leads; null: the account is deleted.';
create index former_usernames_user_id_idx on private.former_usernames (user_id);

create function private.username_hash(username text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(convert_to(lower($1), 'utf8')), 'hex')
$$;
comment on function private.username_hash(text) is 'By which a username is remembered, in whatever case it is written.';

create function private.is_username_held(username text, user_id uuid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select exists (
    select from private.former_usernames as former
    where former.username_hash = private.username_hash($1) and former.freed_at > now() - interval '90 days'
      and former.user_id is distinct from $2
  )
$$;
comment on function private.is_username_held(text, uuid) is 'Whether a username is kept from this user, because another one had it.';

-- In one order, so that two users who exchange names do not wait for each other.
create function private.lock_usernames(variadic usernames text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('username ' || name, 0))
  from (select distinct unnest(usernames) as name order by name) as locked
$$;
comment on function private.lock_usernames(text[]) is
  'Locks usernames until the transaction ends: who takes one sees whether it has just been given up.';

-- Definer, because no role of the API may read these lists. Who has a reserved name already keeps it.
create function private.check_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.username := lower(new.username);
  if tg_op = 'UPDATE' then
    perform private.lock_usernames(old.username, new.username);
  else
    perform private.lock_usernames(new.username);
  end if;
  if exists (select from private.reserved_usernames as reserved where reserved.username = new.username) then
    raise exception 'The username % is reserved.', new.username
      using errcode = 'check_violation', constraint = 'users_username_reserved', detail = 'users.username', hint = 'Choose another username.';
  elsif private.is_username_held(new.username, new.id) then
    raise exception 'The username % belonged to somebody else until lately.', new.username
      using errcode = 'check_violation', constraint = 'users_username_held', detail = 'users.username', hint = 'Choose another username.';
  elsif tg_op = 'UPDATE' and current_setting('role') = 'authenticated' and (
    select count(*) >= 10 from private.former_usernames as former
    where former.user_id = new.id and former.freed_at > now() - interval '90 days'
      and former.username_hash <> private.username_hash(new.username)
  ) then
    -- Each change keeps a name from everybody else.
    raise exception 'You may change your username 10 times in 90 days.'
      using errcode = 'PT429', detail = 'users.username', hint = 'Take back one that you had, or wait.';
  end if;
  return new;
end
$$;
comment on function private.check_username() is 'Trigger: a username is lower case; nobody takes a reserved or held one, or gives up many.';

create trigger check_username before insert on private.users
  for each row execute function private.check_username();
create trigger check_changed_username before update on private.users
  for each row when (old.username is distinct from new.username) execute function private.check_username();

create function private.record_former_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op <> 'INSERT' then
    insert into private.former_usernames as former (username_hash, user_id)
    values (private.username_hash(old.username), case tg_op when 'UPDATE' then old.id end)
    on conflict (username_hash) do update set user_id = excluded.user_id, freed_at = excluded.freed_at;
    delete from private.former_usernames as former
    where former.user_id is null and former.freed_at < now() - interval '90 days';
  end if;
  if tg_op <> 'DELETE' then
    delete from private.former_usernames as former where former.username_hash = private.username_hash(new.username);
  end if;
  return null;
end
$$;
comment on function private.record_former_username() is 'Trigger: what is given up is held, and what is taken is not any more.';

create trigger record_former_username after insert or delete on private.users
  for each row execute function private.record_former_username();
create trigger record_changed_username after update on private.users
  for each row when (old.username is distinct from new.username) execute function private.record_former_username();

-- Before the row is locked by nothing else: a name that is freed by a deletion is locked like one that is changed.
create function private.lock_username() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.lock_usernames(old.username);
  return old;
end
$$;
comment on function private.lock_username() is 'Trigger: the name of a user who is deleted is locked.';

create trigger lock_username before delete on private.users
  for each row execute function private.lock_username();

create function private.find_user(username text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select profile.id from private.users as profile where profile.username = lower($1)),
    (select former.user_id from private.former_usernames as former where former.username_hash = private.username_hash($1))
  )
$$;
comment on function private.find_user(text) is 'Who has a username, in any case, or had it last; null where nobody did.';

create function public.username_available(username text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when lower(given.name) !~ '^[a-z0-9]([a-z0-9_-]{0,30}[a-z0-9])?$' then 'invalid'
    when own.id is not null then 'available'
    when exists (select from private.users as profile where profile.username = lower(given.name)) then 'taken'
    when exists (select from private.reserved_usernames as reserved where reserved.username = lower(given.name)) then 'reserved'
    when private.is_username_held(given.name, auth.uid()) then 'held'
    else 'available'
  end
  from (select coalesce($1, '') as name) as given
  left join private.users as own on own.id = auth.uid() and own.username = lower(given.name)
$$;
comment on function public.username_available(text) is
  'Whether the caller can have a username, in lower case: available, taken, reserved, held (another user''s until lately) or invalid.';
