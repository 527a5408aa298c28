-- A subscription as it is at Stripe, applied: the row, the tier, the e-mails and the event, together or not at all.

-- Whose it is: as we know it already, else whose customer it is, else whom we wrote into its metadata.
create function private.owner_of_subscription(received jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select own.user_id from public.subscriptions as own where own.stripe_id = received ->> 'id'),
    (select known.user_id from private.stripe_customers as known where known.customer_id = received ->> 'customer_id'),
    (select users.id from private.users where users.id = (received ->> 'user_id')::uuid)
  )
$$;
comment on function private.owner_of_subscription(jsonb) is 'The user whose subscription it is; null if nothing says so.';

-- The row as it was (null if there was none), and as it is now; only a higher version changes it. `meaning` is what
-- private.plan_of says of its items. The caller has locked the owner's row.
create function private.store_subscription(
  version bigint, received jsonb, owner uuid, meaning record, grace_seconds int,
  out before public.subscriptions, out after public.subscriptions, out applied boolean
)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
begin
  select * into before from public.subscriptions as own where own.stripe_id = received ->> 'id';
  applied := version > coalesce(
    (select known.version from private.stripe_subscriptions as known where known.stripe_id = received ->> 'id'), -1
  );
  after := before;
  if not applied then
    return;
  end if;
  after.user_id := coalesce(before.user_id, owner);
  after.stripe_id := received ->> 'id';
  after.status := received ->> 'status';
  after.plan := meaning.plan;
  after.price_id := meaning.price_id;
  after.current_period_end := to_timestamp((received ->> 'current_period_end')::double precision);
  after.cancel_at := to_timestamp((received ->> 'cancel_at')::double precision);
  after.past_due_since := case when after.status = 'past_due' then
    -- The next invoice that is not paid either does not begin another grace.
    least(before.past_due_since, coalesce(to_timestamp((received ->> 'past_due_since')::double precision), now()))
  end;
  after.grace_until := after.past_due_since + make_interval(secs => grace_seconds);
  after.tier := case
    when private.subscription_pays(after.status, after.grace_until) then meaning.tier else 'free'
  end;
  after.price_amount := (received #>> '{price,amount}')::bigint;
  after.price_currency := received #>> '{price,currency}';
  after.price_interval := received #>> '{price,interval}';
  after.price_interval_count := (received #>> '{price,interval_count}')::int;
  after.trial_end := to_timestamp((received ->> 'trial_end')::double precision);
  if before.id is null then
    after.id := gen_random_uuid();
    after.created_at := coalesce(to_timestamp((received ->> 'created')::double precision), now());
    insert into public.subscriptions select after.*;
  elsif after is distinct from before then
    -- Most events find what the one before them has stored.
    update public.subscriptions as own set
      status = after.status, plan = after.plan, current_period_end = after.current_period_end, tier = after.tier,
      price_id = after.price_id, cancel_at = after.cancel_at, past_due_since = after.past_due_since,
      grace_until = after.grace_until, price_amount = after.price_amount, price_currency = after.price_currency,
      price_interval = after.price_interval, price_interval_count = after.price_interval_count,
      trial_end = after.trial_end
    where own.id = before.id;
  end if;
  insert into private.stripe_subscriptions as known (stripe_id, customer_id, sold_tier, version)
  values (after.stripe_id, received ->> 'customer_id', meaning.tier, version)
  on conflict (stripe_id) do update set
    customer_id = coalesce(excluded.customer_id, known.customer_id), sold_tier = excluded.sold_tier,
    version = excluded.version;
end
$$;
comment on function private.store_subscription(bigint, jsonb, uuid, record, int) is
  'The row before and after, and whether the version was high enough to change it.';

-- What the row does not say but an operator should know, if it is new.
create function private.find_in_subscription(received jsonb, owner uuid, meaning record) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live constant boolean := received ->> 'status' not in ('canceled', 'incomplete_expired');
  findings jsonb := '[]';
  price text;
begin
  if owner is null then
    -- An ended one is what is left of a deleted account.
    return case when live then private.note_finding('unknown_user', received ->> 'id', received) else findings end;
  end if;
  perform private.resolve_findings('unknown_user', array[received ->> 'id']);
  if live then
    foreach price in array meaning.unknown_prices loop
      findings := findings
        || private.note_finding('unknown_price', price, jsonb_build_object('subscription', received ->> 'id'));
    end loop;
    foreach price in array meaning.off_sale_prices loop
      findings := findings || private.note_finding(
        'price_off_sale', price, jsonb_build_object('subscription', received ->> 'id', 'plan', meaning.plan)
      );
    end loop;
  end if;
  perform
    private.resolve_findings('unknown_price', array_agg(item ->> 'price_id')
      filter (where item ->> 'price_id' <> all (meaning.unknown_prices))),
    private.resolve_findings('price_off_sale', array_agg(item ->> 'price_id')
      filter (where item ->> 'price_id' <> all (meaning.off_sale_prices)))
  from jsonb_array_elements(received -> 'items') as item;
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
comment on function private.find_in_subscription(jsonb, uuid, record) is
  'Notes prices that are unknown or left `plans`, unknown users, and several subscriptions.';

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since", "livemode"} with times in seconds since 1970, and "price", "trial_end", "invoices" (see
-- store_stripe_invoices).
-- `emails`: [{"type", "dedupe_key", "payload"}], decided from what Stripe said, and queued at any version, once for each key.
create function public.apply_stripe_subscription(
  version bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  owner uuid := private.owner_of_subscription(subscription);
  meaning record;
  stored record;
  before public.subscriptions;
  after public.subscriptions;
  outcome text;
  tier text;
  findings jsonb;
  email jsonb;
begin
  if not private.is_own_account(null, (subscription ->> 'livemode')::boolean) then
    return jsonb_build_object('outcome', 'wrong_account', 'changed', '[]'::jsonb, 'findings', '[]'::jsonb);
  end if;
  -- One at a time for each user: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null, meaning);
    perform private.finish_stripe_event(event_id, 'unknown_user');
    return jsonb_build_object('outcome', 'unknown_user', 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  perform private.record_stripe_account(null, (subscription ->> 'livemode')::boolean);
  perform private.record_sold_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0
    and known.reference -> 'prices' <> subscription -> 'items';
  perform private.record_sold_prices(subscription -> 'items');
  select * into meaning from private.plan_of(subscription -> 'items');
  select * into stored from private.store_subscription(version, subscription, owner, meaning, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case when stored.applied then 'applied' else 'stale' end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  perform private.store_stripe_invoices(version, owner, coalesce(subscription -> 'invoices', '[]'));
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner, meaning);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  perform private.queue_subscription_emails(before, after, version, event_id, subscription);
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
    when before is not distinct from after then '[]'
    when before.id is null and after.id is not null then '["created"]'
    else coalesce((
      select jsonb_agg(field.key order by field.key) from jsonb_each(to_jsonb(after)) as field
      where field.value is distinct from to_jsonb(before) -> field.key
    ), '[]')
  end
$$;
comment on function private.changes_of(public.subscriptions, public.subscriptions) is 'The columns that differ, or `created`.';
