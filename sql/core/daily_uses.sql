-- How often a stranger did something today, without keeping who it was: a hash with a salt that is thrown away with the day.

create table private.daily_salts (
  day date primary key,
  salt text not null
);
comment on table private.daily_salts is 'Today''s random salt: without it, no hash of the day leads back to an address.';

create table private.daily_uses (
  day date not null,
  use_hash text not null constraint daily_uses_use_hash_format check (use_hash ~ '^[0-9a-f]{64}$'),
  used int not null default 1 constraint daily_uses_used_range check (used > 0),
  primary key (day, use_hash)
);
comment on table private.daily_uses is 'How often each thing was done today, by a salted hash of what and by whom.';

create function private.today_salt() returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'utc')::date;
  known text;
begin
  select salted.salt into known from private.daily_salts as salted where salted.day = today;
  if known is null then
    insert into private.daily_salts (day, salt) values (today, gen_random_uuid()::text || gen_random_uuid()::text)
    on conflict (day) do nothing;
    delete from private.daily_salts as earlier where earlier.day < today;
    select salted.salt into known from private.daily_salts as salted where salted.day = today;
  end if;
  return known;
end
$$;
comment on function private.today_salt() is 'The salt of today (UTC); the first call of a day makes it and deletes those before.';

-- Each call drops some of what is left of other days, so that no call drops a million.
create function private.use_daily(what text, by text, most int) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.daily_uses as earlier where earlier.ctid = any (array(
    select old.ctid from private.daily_uses as old where old.day < today limit 20 for update skip locked
  ));
  insert into private.daily_uses as counted (day, use_hash)
  values (today, encode(sha256(convert_to(concat_ws(' ', private.today_salt(), what, by), 'utf8')), 'hex'))
  on conflict (day, use_hash) do update set used = counted.used + 1 where counted.used < most;
  return found;
end
$$;
comment on function private.use_daily(text, text, int) is
  'Counts that something was done by somebody today; false, and nothing is counted, where it was done so often already.';

-- Hosted Supabase is behind Cloudflare, which sets CF-Connecting-IP whatever the caller sent; the local gateway does the same.
-- Without it, the last entry of X-Forwarded-For is the nearest proxy's word: an IPv4 address may be written into an IPv6 one
-- (RFC 4291, 2.5.5.2), or with the caller's port. IPv6 by network: one caller has all of a /64.
create function private.caller_address() returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  headers constant jsonb := nullif(current_setting('request.headers', true), '')::jsonb;
  given constant text := coalesce(
    headers ->> 'cf-connecting-ip', trim(substring(headers ->> 'x-forwarded-for' from '[^,]*$')), ''
  );
  address constant text := regexp_replace(given, '^(?:::ffff:)?([0-9]+(?:\.[0-9]+){3})(?::[0-9]+)?$', '\1', 'i');
begin
  return case family(address::inet) when 6 then network(set_masklen(address::inet, 64))::text else host(address::inet) end;
exception
  when invalid_text_representation then
    return '';
end
$$;
comment on function private.caller_address() is 'The address that a request came from, an IPv6 one as its /64; empty where it is not known.';
