alter table public.subscriptions
  add column price_amount bigint,
  add column price_currency text check (price_currency ~ '^[a-z]{3}$'),
  add column price_interval text check (price_interval in ('day', 'week', 'month', 'year')),
  add column price_interval_count int check (price_interval_count > 0),
  add column trial_end timestamptz;
comment on column public.subscriptions.price_amount is
  'What it costs each time, in the currency''s smallest unit, before discounts and taxes; null with several prices.';
comment on column public.subscriptions.price_interval is 'With price_interval_count: how often it is paid.';
comment on column public.subscriptions.trial_end is 'When its trial ends, or ended.';

-- What a subscription costs and how often, and its trial: what a user agreed to, whatever becomes of the price.

-- `received`: {"id", "price": {"amount", "currency", "interval", "interval_count"}, "trial_end"}.
create function private.store_subscription_terms(received jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update public.subscriptions as own set
    price_amount = (received #>> '{price,amount}')::bigint,
    price_currency = received #>> '{price,currency}',
    price_interval = received #>> '{price,interval}',
    price_interval_count = (received #>> '{price,interval_count}')::int,
    trial_end = to_timestamp((received ->> 'trial_end')::double precision)
  where own.stripe_id = received ->> 'id'
$$;
comment on function private.store_subscription_terms(jsonb) is 'Stores price, interval and trial of a subscription.';

-- Part of what handlers apply.
revoke all on function private.store_subscription_terms(jsonb) from public;
grant execute on function private.store_subscription_terms(jsonb) to service_role;

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since", "livemode"} with times in seconds since 1970, and "price", "trial_end", "invoices" (see
-- store_stripe_invoices).
-- `emails`: [{"type", "dedupe_key", "payload"}], decided from what Stripe said, and queued at any version, once for each key.
create or replace function public.apply_stripe_subscription(
  version bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
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
  if not private.is_own_account(null, (subscription ->> 'livemode')::boolean) then
    return jsonb_build_object('outcome', 'wrong_account', 'changed', '[]'::jsonb, 'findings', '[]'::jsonb);
  end if;
  -- One at a time for each user: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null);
    perform private.finish_stripe_event(event_id, 'unknown_user');
    return jsonb_build_object('outcome', 'unknown_user', 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  perform private.remember_account(null, (subscription ->> 'livemode')::boolean);
  perform private.remember_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  perform private.remember_prices(subscription -> 'items');
  select * into stored from private.store_subscription(version, subscription, owner, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case when stored.applied then 'applied' else 'stale' end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  if stored.applied then
    perform private.store_subscription_terms(subscription);
  end if;
  perform private.store_stripe_invoices(version, owner, coalesce(subscription -> 'invoices', '[]'));
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

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

-- The handlers' DESIGN_QUOTA_FREE and DESIGN_QUOTA_PAID were these numbers.
-- How much of what costs money a user of each tier may have a day. Data: a pricing page shows it, an operator changes it by
-- an UPDATE.

create table public.tier_limits (
  tier text primary key check (tier in ('free', 'paid')),
  designs_per_day int not null check (designs_per_day >= 0)
);
comment on table public.tier_limits is e'What a user of each tier may have.\n@graphql({"name": "TierLimit"})';
comment on column public.tier_limits.designs_per_day is 'Designs of the assistant, a UTC day.';

insert into public.tier_limits (tier, designs_per_day) values ('free', 5), ('paid', 50);

-- What a tier gives is public; operators change it.
alter table public.tier_limits enable row level security;

create policy "limits are public" on public.tier_limits for select to anon, authenticated
  using (true);

revoke all on table public.tier_limits from anon, authenticated, service_role;
grant select on table public.tier_limits to anon, authenticated, service_role;

drop function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint);
-- Counts the request, reserves what it can cost and opens its session: all of it or none, in one round trip.
-- Returns the session, or why not and when to come back.
create function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
  select allowed.designs_per_day into daily
  from private.users as profile join public.tier_limits as allowed on allowed.tier = profile.tier
  where profile.id = begin_design.user_id for key share of profile;
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
comment on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) is
  'Counts a request to the assistant, reserves its cost and opens its session; or says why not.';
revoke all on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint)
  from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) to service_role;

-- What a user has: tier, plan, price, dates, the next step, limits and use, in one call.

-- What the trigger that refuses more was made with: the one place of the number.
create function private.row_limit(relation regclass) returns int
language sql stable set search_path = pg_catalog, pg_temp as $$
  select split_part(encode(guard.tgargs, 'escape'), '\000', 2)::int from pg_trigger as guard
  where guard.tgrelid = relation and guard.tgname = 'limit_rows'
$$;
comment on function private.row_limit(regclass) is 'How many rows of a table a user may have.';

-- Definer, because what is counted a day and exported is read by handlers alone; of the caller's rows only.
create function private.own_usage() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'projects', jsonb_build_object(
      'used', (select count(*) from public.projects as own where own.user_id = profile.id),
      'max', private.row_limit('public.projects')
    ),
    'layouts', jsonb_build_object(
      'used', (select count(*) from public.layouts as own where own.user_id = profile.id),
      'max', private.row_limit('public.layouts')
    ),
    'images', jsonb_build_object('used', (
      select count(*) from public.project_images as image
      join public.projects as own on own.id = image.project_id and own.user_id = profile.id
    )),
    'videos', jsonb_build_object('used', (
      select count(*) from public.project_videos as video
      join public.projects as own on own.id = video.project_id and own.user_id = profile.id
    )),
    'designs', jsonb_build_object(
      'used', coalesce(today.used, 0),
      'max', allowed.designs_per_day,
      -- Failed ones are given back, but cost money: beyond four times as many there is none today.
      'left', case
        when today.attempts >= 4 * allowed.designs_per_day then 0
        else greatest(allowed.designs_per_day - coalesce(today.used, 0), 0)
      end,
      'resets_at', (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    ),
    'exports', jsonb_build_object(
      'running', coalesce(export.finished_at is null and export.id is not null, false),
      'ready_until', case when export.finished_at is not null then export.expires_at end
    ),
    'storage', public.get_storage_usage()
  )
  from private.users as profile
  join public.tier_limits as allowed on allowed.tier = profile.tier
  left join private.design_usage as today
    on today.user_id = profile.id and today.day = (now() at time zone 'utc')::date
  left join lateral (
    select latest.id, latest.finished_at, latest.expires_at from private.account_exports as latest
    where latest.user_id = profile.id and latest.expires_at > now() order by latest.started_at desc limit 1
  ) as export on true
  where profile.id = (select auth.uid())
$$;
comment on function private.own_usage() is 'What the caller uses, and how much there is of it.';

-- The subscription is the one that gives the tier, else the newest that is live, else the newest.
create function public.get_my_plan() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'tier', profile.tier,
    'plan', own.plan,
    'status', own.status,
    'price', case when own.price_amount is not null then jsonb_build_object(
      'amount', own.price_amount, 'currency', own.price_currency,
      'interval', own.price_interval, 'interval_count', own.price_interval_count
    ) end,
    'renews_at', case
      when own.status in ('trialing', 'active', 'past_due') and own.cancel_at is null then own.current_period_end
    end,
    'ends_at', own.cancel_at,
    'trial_end', case when own.status = 'trialing' then own.trial_end end,
    'grace_until', own.grace_until,
    'next_step', case
      when own.status in ('past_due', 'unpaid') then 'update_payment_method'
      when own.status = 'incomplete' then 'complete_payment'
      when own.status = 'paused' then 'add_payment_method'
      when own.status in ('trialing', 'active') then 'none'
      else 'choose_plan'
    end,
    'pay_url', (
      select invoice.hosted_invoice_url from public.invoices as invoice
      where invoice.user_id = profile.id and invoice.status = 'open' and invoice.amount_remaining > 0
      order by invoice.created_at desc limit 1
    ),
    'use', private.own_usage()
  )
  from private.users as profile
  left join lateral (
    select * from public.subscriptions as one where one.user_id = profile.id
    order by
      one.tier = 'paid' and one.status in ('trialing', 'active', 'past_due') desc,
      one.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') desc,
      one.created_at desc
    limit 1
  ) as own on true
  where profile.id = (select auth.uid())
$$;
comment on function public.get_my_plan() is
  'What the caller has: tier, plan, price, status, dates, the next step, limits and use; see docs/billing.md.';

-- For users alone: a visitor has no plan.
revoke all on function private.row_limit(regclass) from public;
revoke all on function private.own_usage() from public;
revoke all on function public.get_my_plan() from public, anon, authenticated, service_role;
grant execute on function private.own_usage() to authenticated;
grant execute on function public.get_my_plan() to authenticated;
