-- The walk through all subscriptions, at Stripe and here, that finds what no event told. One at a time, resumed where
-- the last run stopped.

create table private.billing_walk (
  id boolean primary key default true check (id),
  phase text not null default 'stripe' check (phase in ('stripe', 'ours')),
  reached text,
  first_ticket bigint not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
comment on table private.billing_walk is 'How far the walk has come; one row.';
comment on column private.billing_walk.reached is 'The last subscription of the last page; null at the beginning of a phase.';
comment on column private.billing_walk.first_ticket is 'What has a lower one was not met on this walk.';

-- The walk as it stands, begun anew if the last one is finished, and the ticket for the first page.
create function public.begin_reconciliation(anew boolean default false) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  ticket constant bigint := nextval('private.stripe_tickets');
  walk private.billing_walk;
begin
  insert into private.billing_walk as last (first_ticket) values (ticket)
  on conflict (id) do update
    set phase = 'stripe', reached = null, first_ticket = ticket, started_at = now(), finished_at = null
    where last.finished_at is not null or anew;
  select * into walk from private.billing_walk;
  return jsonb_build_object('phase', walk.phase, 'reached', walk.reached, 'ticket', ticket);
end
$$;
comment on function public.begin_reconciliation(boolean) is 'phase, reached and a ticket for the first page.';

-- A page of Stripe's subscriptions, fetched after `ticket` was drawn: what it says is applied, and the walk moved from
-- `reached` to `reaches` (null after the last page), together or not at all. People's rows are taken in one order and one
-- page at a time, so that no two wait for each other. What cannot be applied does not hold up the others.
create function public.reconcile_stripe_page(
  ticket bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  walk private.billing_walk;
  told jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into walk from private.billing_walk for update;
  if walk.phase <> 'stripe' or walk.reached is distinct from reached or walk.finished_at is not null then
    return jsonb_build_object('overtaken', true);
  end if;
  for told in
    select value from jsonb_array_elements(subscriptions) order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(ticket, told, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', told ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', told ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  -- A hosted project refuses an update without a where, although there is one row.
  update private.billing_walk as w set
    reached = reaches, phase = case when reaches is null then 'ours' else 'stripe' end
  where w.id;
  return jsonb_build_object(
    'overtaken', false, 'repaired', repaired, 'findings', findings, 'failed', failed,
    'ticket', nextval('private.stripe_tickets')
  );
end
$$;
comment on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) is
  'What was repaired, found or failed, and the ticket for the next page; overtaken if another run has moved on.';

-- Ours that are live and were not met at Stripe: each is to be asked for by itself, with the ticket that comes with it.
create function public.list_unmet_subscriptions(after text, number int) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(unmet.stripe_id order by unmet.stripe_id), '[]') from (
    select own.stripe_id from public.subscriptions as own, private.billing_walk as walk
    where own.applied_ticket < walk.first_ticket and own.status not in ('canceled', 'incomplete_expired')
      and own.stripe_id > coalesce(list_unmet_subscriptions.after, '')
    order by own.stripe_id limit number
  ) as unmet
$$;
comment on function public.list_unmet_subscriptions(text, int) is 'Ids of live subscriptions that this walk did not meet.';

create function public.draw_stripe_ticket() returns bigint
language sql set search_path = pg_catalog, pg_temp as $$
  select nextval('private.stripe_tickets')
$$;
comment on function public.draw_stripe_ticket() is 'To be drawn before Stripe is asked.';

create function public.finish_reconciliation() returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.billing_walk set finished_at = now() where phase = 'ours'
$$;
comment on function public.finish_reconciliation() is 'The walk is over: the next run begins another.';

-- Events that failed and that nobody is at, the longest untouched first.
create function public.list_failed_stripe_events(number int) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', failed.id, 'type', failed.type, 'hint', failed.hint)
    order by failed.attempted_at), '[]')
  from (
    select event.* from private.stripe_events as event
    where event.processed_at is null and coalesce(event.claimed_until <= now(), true)
    order by event.attempted_at limit number
  ) as failed
$$;
comment on function public.list_failed_stripe_events(int) is 'Events to be tried again: id, type and hint.';

-- Once an hour, which is also how late the end of a grace may be.
insert into private.cron_jobs (name, schedule, path) values ('reconcileSubscriptions', '17 * * * *', 'reconcileSubscriptions');
