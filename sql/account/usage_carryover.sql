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
