-- Reconciliation goes through all subscriptions, at Stripe and here, and finds what no event reported. One cursor, resumed
-- where the last run stopped.

create table private.reconciliation_cursor (
  id boolean primary key default true check (id),
  phase text not null default 'subscriptions' check (phase in ('subscriptions', 'missing')),
  reached text,
  first_version bigint not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  cancellations_accepted_at timestamptz
);
comment on table private.reconciliation_cursor is 'How far reconciliation has come; one row.';
comment on column private.reconciliation_cursor.phase is 'Stripe''s list, or ours that it did not show to be live.';
comment on column private.reconciliation_cursor.reached is
  'The last subscription of the last page; null at the beginning of a phase.';
comment on column private.reconciliation_cursor.first_version is 'What has a lower one was not seen this time.';
comment on column private.reconciliation_cursor.cancellations_accepted_at is
  'When an operator let it end as many subscriptions as Stripe says.';

-- As it stands, restarted if the last one is finished, and the version for the first page.
create function public.begin_reconciliation(restart boolean default false, accept_cancellations boolean default false)
returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  version constant bigint := nextval('private.stripe_versions');
  cursor_row private.reconciliation_cursor;
begin
  insert into private.reconciliation_cursor as last (first_version) values (version)
  on conflict (id) do update
    set phase = 'subscriptions', reached = null, first_version = version, started_at = now(), finished_at = null,
      cancellations_accepted_at = null
    where last.finished_at is not null or restart;
  update private.reconciliation_cursor as c set cancellations_accepted_at = now() where c.id and accept_cancellations;
  select * into cursor_row from private.reconciliation_cursor;
  return jsonb_build_object('phase', cursor_row.phase, 'reached', cursor_row.reached, 'version', version);
end
$$;
comment on function public.begin_reconciliation(boolean, boolean) is 'phase, reached and a version for the first page.';

-- A live subscription of ours that Stripe says has ended: no event reported it. Those are put aside until all are known,
-- since a key of another account, or a program gone wrong, would end too many.
create function private.is_unreported_end(received jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select received ->> 'status' in ('canceled', 'incomplete_expired') and exists (
    select from public.subscriptions as own
    where own.stripe_id = received ->> 'id' and own.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
  )
$$;
comment on function private.is_unreported_end(jsonb) is 'Whether applying it would end a live subscription.';

-- A page of Stripe's subscriptions, fetched after `version` was drawn: what it says is applied, and the cursor moved from
-- `reached` to `reaches` (null after the last page), together or not at all. Users' rows are locked in one order and one
-- page at a time, so that no two wait for each other. What cannot be applied does not delay the others.
create function public.reconcile_stripe_page(
  version bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  cursor_row private.reconciliation_cursor;
  received jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into cursor_row from private.reconciliation_cursor for update;
  if cursor_row.phase <> 'subscriptions' or cursor_row.reached is distinct from reached
    or cursor_row.finished_at is not null then
    return jsonb_build_object('state', 'overtaken');
  elsif exists (
    select from jsonb_array_elements(subscriptions) as one
    where not private.is_own_account(null, (one ->> 'livemode')::boolean)
  ) then
    return jsonb_build_object('state', 'wrong_account');
  end if;
  for received in
    select value from jsonb_array_elements(subscriptions)
    where cursor_row.cancellations_accepted_at is not null or not private.is_unreported_end(value)
    order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(version, received, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', received ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', received ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  -- A hosted project refuses an update without a where, although there is one row.
  update private.reconciliation_cursor as c set
    reached = reaches, phase = case when reaches is null then 'missing' else 'subscriptions' end
  where c.id;
  return jsonb_build_object(
    'state', 'applied', 'repaired', repaired, 'findings', findings, 'failed', failed,
    'version', nextval('private.stripe_versions')
  );
end
$$;
comment on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) is
  'What was repaired, found or failed, and the version for the next page; or overtaken, or wrong_account.';

-- Ours that are live and that this reconciliation has not seen to be so.
create function private.missing_subscriptions() returns table (stripe_id text, status text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select own.stripe_id, own.status
  from private.reconciliation_cursor as c
  cross join public.subscriptions as own
  left join private.stripe_subscriptions as known on known.stripe_id = own.stripe_id
  where coalesce(known.version, 0) < c.first_version and own.status not in ('canceled', 'incomplete_expired')
$$;
comment on function private.missing_subscriptions() is 'Live subscriptions that reconciliation has not seen to be live.';

-- Each is to be fetched by itself, with a version drawn before.
create function public.list_missing_subscriptions(after text, number int) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(listed.stripe_id order by listed.stripe_id), '[]') from (
    select missing.stripe_id from private.missing_subscriptions() as missing
    where missing.stripe_id > coalesce(list_missing_subscriptions.after, '')
    order by missing.stripe_id limit number
  ) as listed
$$;
comment on function public.list_missing_subscriptions(text, int) is 'Ids of live subscriptions that were not seen.';

-- How many would end now, against how many may: the larger one of a number and of a share of all that are live.
create function public.check_cancellations(at_least int, share double precision) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live constant bigint := (
    select count(*) from public.subscriptions as own
    where own.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
  );
  ending constant bigint := (
    select count(*) from private.missing_subscriptions() as missing where missing.status <> 'incomplete'
  );
  allowed constant bigint := greatest(at_least, floor(share * live));
begin
  if ending <= allowed
    or exists (select from private.reconciliation_cursor as c where c.cancellations_accepted_at is not null) then
    return jsonb_build_object('allowed', true, 'findings', '[]'::jsonb);
  end if;
  return jsonb_build_object('allowed', false, 'findings', private.note_finding(
    'mass_cancellation', 'reconciliation', jsonb_build_object('ending', ending, 'live', live, 'allowed', allowed)
  ));
end
$$;
comment on function public.check_cancellations(int, double precision) is
  'Whether reconciliation may end what it has put aside; notes mass_cancellation where it may not.';

create function public.next_stripe_version() returns bigint
language sql set search_path = pg_catalog, pg_temp as $$
  select nextval('private.stripe_versions')
$$;
comment on function public.next_stripe_version() is 'To be drawn before Stripe is asked.';

-- The next run begins another one. One that was stopped begins again too, so that all but the ends go on being repaired.
create function public.finish_reconciliation(completed boolean default true) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update private.reconciliation_cursor as c set finished_at = now() where c.phase = 'missing' or not completed;
  if completed then
    update private.billing_findings as finding set resolved_at = now()
    where finding.kind in ('wrong_stripe_account', 'mass_cancellation') and finding.resolved_at is null;
  end if;
end
$$;
comment on function public.finish_reconciliation(boolean) is 'Ends a reconciliation, completed or stopped.';

-- Events that failed and that are not leased, the longest untouched first.
create function public.list_failed_stripe_events(number int) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('id', failed.id, 'type', failed.type, 'reference', failed.reference) order by failed.attempted_at
  ), '[]')
  from (
    select event.* from private.stripe_events as event
    where event.processed_at is null and coalesce(event.leased_until <= now(), true)
    order by event.attempted_at limit number
  ) as failed
$$;
comment on function public.list_failed_stripe_events(int) is 'Events to be tried again: id, type and reference.';

-- Once an hour, which is also how late the end of a grace may be.
insert into private.cron_jobs (name, schedule, path) values ('reconcileSubscriptions', '17 * * * *', 'reconcileSubscriptions');
