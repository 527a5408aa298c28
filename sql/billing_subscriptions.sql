-- A subscription as it is at Stripe, applied: the row, the tier, the e-mails and the event, together or not at all.

-- Whose it is: as we know it already, else whose customer it is, else whom we wrote into its metadata.
create function private.owner_of_subscription(told jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select own.user_id from public.subscriptions as own where own.stripe_id = told ->> 'id'),
    (select known.user_id from private.stripe_customers as known where known.customer_id = told ->> 'customer_id'),
    (select users.id from private.users where users.id = (told ->> 'user_id')::uuid)
  )
$$;
comment on function private.owner_of_subscription(jsonb) is 'The person whose subscription it is; null if nobody knows.';

-- The row as it was (null if there was none), and as it is now; only a higher ticket changes it. The caller holds the
-- owner's row, so that nobody else is at it.
create function private.store_subscription(
  ticket bigint, told jsonb, owner uuid, grace_seconds int, out before public.subscriptions, out after public.subscriptions
)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  meaning record;
begin
  select * into before from public.subscriptions as own where own.stripe_id = told ->> 'id';
  after := before;
  if ticket <= before.applied_ticket or (before.id is null and told ? 'gone') then
    return;
  end if;
  after.applied_ticket := ticket;
  if told ? 'gone' then
    if before.status not in ('canceled', 'incomplete_expired') then
      after.status := 'canceled';
      after.cancel_at := now();
    end if;
  else
    select * into meaning from private.plan_of(told -> 'items');
    after.status := told ->> 'status';
    after.plan := meaning.plan;
    after.tier := meaning.tier;
    after.price_id := meaning.price_id;
    after.current_period_end := to_timestamp((told ->> 'current_period_end')::double precision);
    after.cancel_at := to_timestamp((told ->> 'cancel_at')::double precision);
  end if;
  after.past_due_since := case when after.status = 'past_due' then
    -- The next invoice that is not paid either does not begin another grace.
    least(before.past_due_since, coalesce(to_timestamp((told ->> 'past_due_since')::double precision), now()))
  end;
  after.grace_until := after.past_due_since + make_interval(secs => grace_seconds);

  if before.id is null then
    insert into public.subscriptions (
      user_id, stripe_id, status, plan, current_period_end, tier, price_id, cancel_at, past_due_since, grace_until,
      applied_ticket, created_at
    )
    values (
      owner, told ->> 'id', after.status, after.plan, after.current_period_end, after.tier, after.price_id,
      after.cancel_at, after.past_due_since, after.grace_until, ticket,
      coalesce(to_timestamp((told ->> 'created')::double precision), now())
    )
    returning * into after;
  else
    update public.subscriptions as own set
      status = after.status, plan = after.plan, current_period_end = after.current_period_end, tier = after.tier,
      price_id = after.price_id, cancel_at = after.cancel_at, past_due_since = after.past_due_since,
      grace_until = after.grace_until, applied_ticket = after.applied_ticket
    where own.id = before.id;
  end if;
end
$$;
comment on function private.store_subscription(bigint, jsonb, uuid, int) is 'The row before and after; changed by a higher ticket only.';

-- What the row does not say but somebody should know, if it is new.
create function private.find_in_subscription(told jsonb, owner uuid) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live constant boolean := told ->> 'status' not in ('canceled', 'incomplete_expired');
  unknown text[] := '{}';
  findings jsonb := '[]';
  price text;
begin
  if told ? 'gone' then
    return findings;
  elsif owner is null then
    -- An ended one is what is left of a deleted account, and nobody's concern.
    return case when live then private.note_finding('unknown_user', told ->> 'id', told) else findings end;
  end if;
  perform private.resolve_findings('unknown_user', array[told ->> 'id']);
  select unknown_prices into unknown from private.plan_of(told -> 'items');
  if live then
    foreach price in array unknown loop
      findings := findings || private.note_finding('unknown_price', price, jsonb_build_object('subscription', told ->> 'id'));
    end loop;
  end if;
  perform private.resolve_findings('unknown_price', array(
    select item ->> 'price_id' from jsonb_array_elements(told -> 'items') as item
    where item ->> 'price_id' <> all (unknown)
  ));
  if 1 < (
    select count(*) from public.subscriptions as own
    where own.user_id = owner and own.status in ('active', 'trialing', 'past_due', 'unpaid', 'paused')
  ) then
    return findings || private.note_finding('several_subscriptions', owner::text, '{}');
  end if;
  perform private.resolve_findings('several_subscriptions', array[owner::text]);
  return findings;
end
$$;
comment on function private.find_in_subscription(jsonb, uuid) is 'Notes unknown prices and people, and several subscriptions.';

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since"} with times in seconds since 1970, or {"id", "gone": true} where Stripe has none.
-- `emails`: [{"type", "dedupe_key", "payload"}], queued whatever the ticket: they tell what happened, not how it stands.
create function public.apply_stripe_subscription(
  ticket bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  owner uuid := private.owner_of_subscription(subscription);
  stored record;
  before public.subscriptions;
  after public.subscriptions;
  outcome text;
  tier text;
  findings jsonb;
  email jsonb;
begin
  -- One at a time for each person: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null);
    outcome := case when subscription ? 'gone' then 'gone' else 'unknown_user' end;
    perform private.finish_stripe_event(event_id, outcome);
    return jsonb_build_object('outcome', outcome, 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  select * into stored from private.store_subscription(ticket, subscription, owner, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case
    when after.id is null then 'gone' when ticket > coalesce(before.applied_ticket, -1) then 'applied' else 'stale'
  end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  -- An end that is only now heard of, long after, is no news; one that we saw happen is, whoever told us.
  if (subscription ? 'gone' or subscription ->> 'status' = 'canceled') and after.id is not null and (
    before.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and after.status = 'canceled'
    or exists (select from private.stripe_events as e where e.id = event_id and e.type = 'customer.subscription.deleted')
  ) then
    perform private.queue_notification(
      owner, 'subscription_canceled', after.stripe_id, jsonb_build_object('plan', after.plan, 'ended_at', after.cancel_at)
    );
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object(
    'outcome', outcome, 'tier', tier, 'findings', findings, 'changed', private.changes_of(before, after)
  );
end
$$;
comment on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) is
  'Brings the row, the tier and the e-mails in step with Stripe, and marks the event; what changed.';

create function private.changes_of(before public.subscriptions, after public.subscriptions) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when before.id is null and after.id is not null then '["created"]'
    else coalesce((
      select jsonb_agg(field.key order by field.key) from jsonb_each(to_jsonb(after)) as field
      where field.key <> 'applied_ticket' and field.value is distinct from to_jsonb(before) -> field.key
    ), '[]')
  end
$$;
comment on function private.changes_of(public.subscriptions, public.subscriptions) is 'The columns that differ, or `created`.';
