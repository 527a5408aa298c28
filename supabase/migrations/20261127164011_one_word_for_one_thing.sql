-- What stores something is said to record it, and what empties it to redact it; no other word for either.
alter function private.remember_account(text, boolean) rename to record_stripe_account;
alter function private.remember_prices(jsonb) rename to record_sold_prices;
alter function private.remember_plan() rename to record_sold_plan;
alter trigger remember_plan on public.plans rename to record_sold_plan;
alter function private.hold_username() rename to record_former_username;
alter trigger hold_username on private.users rename to record_former_username;
alter trigger hold_changed_username on private.users rename to record_changed_username;
alter function private.forget_contact_message() rename to redact_contact_message;
alter trigger forget_contact_message on public.notifications rename to redact_contact_message;
alter function private.keep_former_slug() rename to record_former_slug;
alter trigger keep_new_slug on public.projects rename to record_new_slug;
alter trigger keep_former_slug on public.projects rename to record_former_slug;

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

  perform private.record_stripe_account(null, (subscription ->> 'livemode')::boolean);
  perform private.record_sold_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  perform private.record_sold_prices(subscription -> 'items');
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

create or replace function private.record_stripe_account(account_id text, livemode boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.stripe_account as known (account_id, livemode)
  select record_stripe_account.account_id, record_stripe_account.livemode
  where not exists (
    select from private.stripe_account as known
    where (known.account_id is not null or record_stripe_account.account_id is null)
      and (known.livemode is not null or record_stripe_account.livemode is null)
  )
  on conflict (id) do update set
    account_id = coalesce(known.account_id, excluded.account_id), livemode = coalesce(known.livemode, excluded.livemode)
$$;

create or replace function public.check_stripe_account(account_id text, livemode boolean, accept boolean default false)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if accept then
    insert into private.stripe_account as known (account_id, livemode)
    values (nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode)
    on conflict (id) do update
      set account_id = excluded.account_id, livemode = excluded.livemode, accepted_at = now();
    update private.billing_findings as finding set resolved_at = now()
    where finding.kind = 'wrong_stripe_account' and finding.resolved_at is null;
    return true;
  elsif not private.is_own_account(check_stripe_account.account_id, check_stripe_account.livemode) then
    return false;
  end if;
  perform private.record_stripe_account(nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode);
  return true;
end
$$;

create or replace function public.apply_stripe_prices(
  version bigint, prices jsonb, event_id text default null, missing text[] default '{}'
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  received jsonb;
  price private.stripe_prices;
  changed text[] := missing;
begin
  if exists (
    select from jsonb_array_elements(prices) as one where not private.is_own_account(null, (one ->> 'livemode')::boolean)
  ) then
    return jsonb_build_object('outcome', 'wrong_account', 'findings', '[]'::jsonb);
  end if;
  -- One at a time: which price has a lookup key is decided over all of them.
  perform pg_advisory_xact_lock(hashtextextended('stripe_prices', 0));
  perform private.record_sold_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  update private.stripe_prices as known set active = false
  where known.price_id = any (missing) and known.version < version;
  for received in select value from jsonb_array_elements(prices) loop
    -- Whose key it is now: the price that had it was sold under that name until here.
    perform private.record_sold_prices(
      jsonb_agg(jsonb_build_object('price_id', known.price_id, 'lookup_key', known.lookup_key))
    ) from private.stripe_prices as known
    where known.version < version and known.lookup_key is not null and (
      known.price_id = received ->> 'id' and known.lookup_key is distinct from received ->> 'lookup_key'
      or known.price_id <> received ->> 'id' and known.lookup_key = received ->> 'lookup_key'
    )
    having count(*) > 0;
    update private.stripe_prices as known set lookup_key = null
    where known.lookup_key = received ->> 'lookup_key' and known.price_id <> received ->> 'id' and known.version < version;
    insert into private.stripe_prices as known (
      price_id, product_id, lookup_key, active, currency, amount, "interval", interval_count, trial_days, name,
      description, features, limits, named_plan, named_tier, offered, version
    )
    values (
      received ->> 'id', received ->> 'product_id', received ->> 'lookup_key', (received ->> 'active')::boolean,
      received ->> 'currency', (received ->> 'amount')::bigint, received ->> 'interval',
      (received ->> 'interval_count')::int, (received ->> 'trial_days')::int, received ->> 'name',
      received ->> 'description', received -> 'features', received -> 'limits', received ->> 'plan', received ->> 'tier',
      (received ->> 'offered')::boolean, version
    )
    on conflict (price_id) do update set
      product_id = excluded.product_id, lookup_key = excluded.lookup_key, active = excluded.active,
      currency = excluded.currency, amount = excluded.amount, "interval" = excluded."interval",
      interval_count = excluded.interval_count, trial_days = excluded.trial_days, name = excluded.name,
      description = excluded.description, features = excluded.features, limits = excluded.limits,
      named_plan = excluded.named_plan, named_tier = excluded.named_tier, offered = excluded.offered,
      version = excluded.version
      where known.version < excluded.version;
    changed := changed || (received ->> 'id');
  end loop;
  update public.plans as listed set price_id = listed.price_id
  where listed.price_id = any (changed) or listed.current_price_id = any (changed) or exists (
    select from private.stripe_prices as known
    where known.price_id = any (changed) and known.lookup_key = listed.lookup_key
  );
  for price in
    select known.* from private.stripe_prices as known where known.price_id = any (changed) order by known.price_id
  loop
    perform private.list_price(price);
  end loop;
  perform private.finish_stripe_event(event_id, 'applied');
  return jsonb_build_object('outcome', 'applied', 'findings', '[]'::jsonb);
end
$$;

create or replace function public.lease_project_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  answers jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = lease_project_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = lease_project_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    if latest.as_of < source.since then
      latest := null;
    end if;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      answers := answers || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_user_quotas(
      asked.key, array[source.project_id], (asked.value ->> 'units_per_user')::int
    ) = '{}' then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.reserve_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_user_quotas(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      answers := answers || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return answers;
end
$$;
