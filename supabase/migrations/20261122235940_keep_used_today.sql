-- What a person used of today's share does not come back with a new account: who leaves and signs in again with the same
-- Google account goes on where they were.

create table private.used_today (
  google_hash text not null check (google_hash ~ '^[0-9a-f]{64}$'),
  what text not null check (what in ('designs', 'linkedin', 'github', 'twitter')),
  day date not null,
  used int not null check (used >= 0),
  attempts int not null default 0,
  primary key (google_hash, what)
);
comment on table private.used_today is
  'What people who left today had used of what there is for a day: under a hash of their Google id.';
comment on column private.used_today.what is 'Designs, or posts that a platform was asked about.';
comment on column private.used_today.attempts is 'Of designs, those that failed too.';

-- Before the cascades take the rows. The row of the person is locked by now: whoever still counts has done so.
create function private.keep_used_today() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.used_today where day < today;
  insert into private.used_today as kept (google_hash, what, day, used, attempts)
  select encode(sha256(old.google_id::bytea), 'hex'), counted.*
  from (
    select 'designs', usage.day, usage.used, usage.attempts from private.design_usage as usage
    where usage.user_id = old.id and usage.day = today
    union all
    select share.platform, share.day, share.units, 0 from private.metric_shares as share
    where share.user_id = old.id and share.day = today
  ) as counted
  on conflict (google_hash, what) do update set used = excluded.used, attempts = excluded.attempts;
  return old;
end
$$;
comment on function private.keep_used_today() is 'Trigger: what was used today is kept when a person is deleted.';

create trigger keep_used_today before delete on private.users
  for each row execute function private.keep_used_today();

create function private.restore_used_today() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  delete from private.used_today where day < (now() at time zone 'utc')::date;
  with kept as (
    delete from private.used_today where google_hash = encode(sha256(new.google_id::bytea), 'hex')
    returning what, day, used, attempts
  ),
  designs as (
    insert into private.design_usage (user_id, day, used, attempts)
    select new.id, kept.day, kept.used, kept.attempts from kept where kept.what = 'designs'
  )
  insert into private.metric_shares (user_id, platform, day, units)
  select new.id, kept.what, kept.day, kept.used from kept where kept.what <> 'designs';
  return null;
end
$$;
comment on function private.restore_used_today() is 'Trigger: who comes back on the same day has used what they used.';

create trigger restore_used_today after insert on private.users
  for each row execute function private.restore_used_today();

-- The database's owner alone.
alter table private.used_today enable row level security;

create policy "nobody through the API" on private.used_today for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.used_today from anon, authenticated, service_role;

revoke all on function private.keep_used_today() from public, anon, authenticated, service_role;
revoke all on function private.restore_used_today() from public, anon, authenticated, service_role;

create or replace function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, limits jsonb, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  until_tomorrow constant int := ceil(extract(epoch from ((today + 1) at time zone 'utc' - now())));
  until_next_month constant int :=
    ceil(extract(epoch from ((this_month + interval '1 month') at time zone 'utc' - now())));
  daily int;
  usage private.design_usage;
  lost private.design_runs;
  session uuid;
begin
  -- Who is being deleted has gone when this goes on, or is deleted after it: what is counted here is not lost between.
  select coalesce((begin_design.limits ->> person.tier)::int, 0) into daily
  from private.users as person where person.id = begin_design.user_id for key share;
  if not found then
    return jsonb_build_object('refused', 'no_profile');
  end if;

  -- One at a time from here on: two requests must not both take what is left of the month.
  insert into private.design_spending (month) values (this_month) on conflict do nothing;
  perform from private.design_spending where month = this_month for update;

  -- A handler that was killed settles nothing: after a quarter of an hour its run counts as failed, at full cost.
  for lost in
    select * from private.design_runs where started_at < now() - interval '15 minutes' for update skip locked
  loop
    perform private.settle_design_run(lost, lost.reserved_micros, true);
    update public.ai_sessions set status = 'failed', error_code = 'abandoned', completed_at = now()
    where id = lost.session_id and status = 'running';
  end loop;

  insert into private.design_usage as usage (user_id, day, used, attempts)
  values (begin_design.user_id, today, 0, 0)
  on conflict do nothing;
  update private.design_usage set used = used + 1, attempts = attempts + 1
  where user_id = begin_design.user_id and day = today and used < daily and attempts < 4 * daily
  returning * into usage;
  if not found then
    return jsonb_build_object('refused', 'quota_exceeded', 'limit', daily, 'retry_after', until_tomorrow);
  end if;
  if (select spent_micros from private.design_spending where month = this_month)
    + (select coalesce(sum(reserved_micros), 0) from private.design_runs) + cost_micros > ceiling_micros
  then
    update private.design_usage set used = used - 1, attempts = attempts - 1
    where user_id = begin_design.user_id and day = today;
    return jsonb_build_object('refused', 'budget_spent', 'limit', daily, 'retry_after', until_next_month);
  end if;

  insert into public.ai_sessions (user_id, project_id, input_json, model)
  values (begin_design.user_id, begin_design.project_id, input, begin_design.model)
  returning id into session;
  insert into private.design_runs (session_id, user_id, reserved_micros)
  values (session, begin_design.user_id, cost_micros);
  return jsonb_build_object(
    'session_id', session, 'limit', daily, 'remaining', daily - usage.used, 'resets_in', until_tomorrow
  );
end
$$;
