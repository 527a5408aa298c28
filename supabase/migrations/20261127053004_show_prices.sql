-- `plans` shows what a pricing page needs, in step with Stripe's products and prices; and Stripe is given the address that
-- a user has now.

drop function public.get_billing_account(uuid, text);
alter table public.plans
  add column synced boolean not null default false,
  add column available boolean not null default true,
  add column current_price_id text check (char_length(current_price_id) between 1 and 255),
  add column product_id text check (char_length(product_id) between 1 and 255),
  add column name text check (char_length(name) <= 5000),
  add column description text check (char_length(description) <= 5000),
  add column amount bigint check (amount >= 0),
  add column currency text check (currency ~ '^[a-z]{3}$'),
  add column "interval" text check ("interval" in ('day', 'week', 'month', 'year')),
  add column interval_count int check (interval_count > 0),
  add column trial_days int check (trial_days between 0 and 730),
  add column features jsonb not null default '[]' check (jsonb_typeof(features) = 'array'),
  add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object');
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, the tier that it gives, and how it looks on a pricing page.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on column public.plans.synced is 'Added because of a price at Stripe, not by an operator.';
comment on column public.plans.available is 'Whether Stripe sells it: neither the price nor its product is archived.';
comment on column public.plans.current_price_id is 'Stripe''s id of the price that is shown: of a lookup key, the one that has it.';
comment on column public.plans.product_id is 'Stripe''s id of the product (prod_...).';
comment on column public.plans.name is 'The product''s name.';
comment on column public.plans.description is 'The product''s description.';
comment on column public.plans.amount is 'In the currency''s smallest unit; null for prices in tiers.';
comment on column public.plans.currency is 'ISO 4217, in lower case.';
comment on column public.plans."interval" is 'The unit of what is paid for at once.';
comment on column public.plans.interval_count is 'How many of it.';
comment on column public.plans.trial_days is 'The days of a first subscription that cost nothing (metadata `trial_days`).';
comment on column public.plans.features is 'The product''s marketing features, in words.';
comment on column public.plans.limits is 'Numbers by name, from metadata `limit_...` of the product or price.';

alter table private.stripe_prices
  add column product_id text,
  add column lookup_key text,
  add column active boolean not null default true,
  add column currency text,
  add column amount bigint,
  add column "interval" text,
  add column interval_count int,
  add column trial_days int,
  add column name text,
  add column description text,
  add column features jsonb not null default '[]',
  add column limits jsonb not null default '{}',
  add column named_plan text,
  add column named_tier text check (named_tier in ('free', 'paid')),
  add column offered boolean not null default true,
  add column version bigint not null default 0;
comment on table private.stripe_prices is
  'Stripe''s prices as they are there, and the plan and tier that each was sold as.';
comment on column private.stripe_prices.sold_plan is 'The plan that it was sold as, whatever `plans` says of it later.';
comment on column private.stripe_prices.sold_tier is 'The tier that it was sold as.';
comment on column private.stripe_prices.active is 'Neither the price nor its product is archived or deleted.';
comment on column private.stripe_prices.named_plan is 'The plan that the metadata of the price or its product names.';
comment on column private.stripe_prices.named_tier is 'The tier that the metadata of the price or its product names.';
comment on column private.stripe_prices.offered is 'False where its metadata says so.';
comment on column private.stripe_prices.version is
  'Fencing token: drawn before Stripe was asked; 0 where only what it was sold as is known.';

-- Which prices a row of `plans` shows.
create index stripe_prices_lookup_key_idx on private.stripe_prices (lookup_key);

-- What `plans` says of a price's id counts first: an operator may correct it. A lookup key says what a price is sold as
-- now, and the memory what it was sold as, so the memory counts before the key.
create or replace function private.plans_of_items(items jsonb)
returns table ("position" bigint, price_id text, plan text, tier text, on_sale boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select
    listed.position, listed.value ->> 'price_id',
    coalesce(by_id.plan, sold.sold_plan, by_key.plan), coalesce(by_id.tier, sold.sold_tier, by_key.tier),
    by_id.id is not null or by_key.id is not null
  from jsonb_array_elements(items) with ordinality as listed (value, position)
  -- A row that no operator has named, and that is not offered either, shows a price and says nothing of its plan.
  left join public.plans as by_id
    on by_id.price_id = listed.value ->> 'price_id' and (by_id.offered or not by_id.synced)
  left join private.stripe_prices as sold
    on sold.price_id = listed.value ->> 'price_id' and sold.sold_plan is not null
  left join public.plans as by_key on by_key.lookup_key = listed.value ->> 'lookup_key'
$$;
comment on function private.plans_of_items(jsonb) is
  'The plan and tier of each item [{"price_id", "lookup_key"}], null where nothing names it; and whether `plans` does.';

-- Fills in how the row's price looks. What has left Stripe's catalogue stays, and is not available.
create function private.show_price() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  price private.stripe_prices;
begin
  select known.* into price from private.stripe_prices as known
  where known.version > 0 and (known.price_id = new.price_id or new.price_id is null and known.lookup_key = new.lookup_key)
  order by known.version desc limit 1;
  if not found then
    new.available := new.current_price_id is null;
    return new;
  end if;
  new.available := price.active;
  new.current_price_id := price.price_id;
  new.product_id := price.product_id;
  new.name := price.name;
  new.description := price.description;
  new.amount := price.amount;
  new.currency := price.currency;
  new."interval" := price."interval";
  new.interval_count := price.interval_count;
  new.trial_days := price.trial_days;
  new.features := price.features;
  new.limits := new.limits || price.limits;
  return new;
end
$$;
comment on function private.show_price() is 'Trigger: shows Stripe''s price in a row of `plans`.';

create trigger show_price before insert or update on public.plans
  for each row execute function private.show_price();

-- A row is renamed or deleted: who bought its price goes on having what was sold.
create function private.remember_plan() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.stripe_prices as known (price_id, sold_plan, sold_tier)
  select coalesce(old.price_id, old.current_price_id), old.plan, old.tier
  where coalesce(old.price_id, old.current_price_id) is not null and (old.offered or not old.synced)
  on conflict (price_id) do update set sold_plan = excluded.sold_plan, sold_tier = excluded.sold_tier
    where known.sold_plan is null;
  return null;
end
$$;
comment on function private.remember_plan() is 'Trigger: keeps what the price of a row was sold as.';

create trigger remember_plan after update of plan, tier, price_id, lookup_key or delete on public.plans
  for each row execute function private.remember_plan();

-- A price of a plan that no row names becomes a row: by `plan` in the metadata of the price or of its product; or, not
-- offered until an operator says so, as another one of a product whose rows of this interval are all of one plan.
create function private.list_price(price private.stripe_prices) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  named record;
begin
  if price.named_plan is not null then
    select price.named_plan as plan, coalesce(price.named_tier, min(listed.tier)) as tier, price.offered as offered
    into named from public.plans as listed where listed.plan = price.named_plan;
  else
    select min(listed.plan) as plan, min(listed.tier) as tier, false as offered into named from public.plans as listed
    where listed.product_id = price.product_id and listed."interval" = price."interval"
      and listed.interval_count = price.interval_count
    having count(distinct (listed.plan, listed.tier)) = 1;
  end if;
  if named.plan is null or named.tier is null or price."interval" is null then
    return;
  end if;
  update public.plans as listed set plan = named.plan, tier = named.tier, offered = named.offered
  where listed.price_id = price.price_id and listed.synced and price.named_plan is not null;
  insert into public.plans (plan, price_id, tier, offered, synced)
  select named.plan, price.price_id, named.tier, named.offered, true
  where not exists (
    select from public.plans as listed where listed.price_id = price.price_id or listed.lookup_key = price.lookup_key
  );
end
$$;
comment on function private.list_price(private.stripe_prices) is 'Makes a row of `plans` for a price that belongs to one.';

-- `prices`: [{"id", "product_id", "lookup_key", "active", "currency", "amount", "interval", "interval_count", "trial_days",
-- "name", "description", "features", "limits", "plan", "tier", "offered", "livemode"}] as they are at Stripe now.
-- `missing`: prices that were deleted there.
create function public.apply_stripe_prices(
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
  perform private.remember_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  update private.stripe_prices as known set active = false
  where known.price_id = any (missing) and known.version < version;
  for received in select value from jsonb_array_elements(prices) loop
    -- Whose key it is now: the price that had it was sold under that name until here.
    perform private.remember_prices(
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
comment on function public.apply_stripe_prices(bigint, jsonb, text, text[]) is
  'Keeps prices and `plans` in step with Stripe; only a higher version changes a price.';

-- The prices of Stripe's list are all known now: what was not in it is there no more.
create function public.retire_stripe_prices(first_version bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select public.apply_stripe_prices(nextval('private.stripe_versions'), '[]', null, array(
    select known.price_id from private.stripe_prices as known
    where known.version > 0 and known.version < first_version and known.active
  ))
$$;
comment on function public.retire_stripe_prices(bigint) is 'Marks prices below this version as no longer sold.';

revoke all on function private.show_price() from public;
revoke all on function private.remember_plan() from public;
revoke all on function private.list_price(private.stripe_prices) from public;
revoke all on function public.apply_stripe_prices(bigint, jsonb, text, text[])
  from public, anon, authenticated, service_role;
revoke all on function public.retire_stripe_prices(bigint) from public, anon, authenticated, service_role;
grant execute on function private.show_price() to service_role;
grant execute on function private.remember_plan() to service_role;
grant execute on function private.list_price(private.stripe_prices) to service_role;
grant execute on function public.apply_stripe_prices(bigint, jsonb, text, text[]) to service_role;
grant execute on function public.retire_stripe_prices(bigint) to service_role;

alter table private.stripe_customers add column email_stale boolean not null default false;
comment on column private.stripe_customers.email_stale is
  'The user''s address has changed, and Stripe, which sends receipts to it, does not know yet.';

-- Whose address Stripe is to be given.
create index stripe_customers_email_stale_idx on private.stripe_customers (created_at) where email_stale;

-- Stripe sends its receipts to the customer's address, which follows the user's. A later address that the user gives at
-- Stripe itself stays until the one here changes again.
create function private.mark_email_stale() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.stripe_customers as known set email_stale = true
  where known.user_id = new.id and known.deleted_at is null and not known.email_stale;
  return null;
end
$$;
comment on function private.mark_email_stale() is 'Trigger: the user''s customers at Stripe have an old address.';

create trigger mark_email_stale after update of email on private.users
  for each row when (old.email is distinct from new.email) execute function private.mark_email_stale();

-- The longest known first; of one user or of all.
create function public.list_stale_customers(number int, user_id uuid default null) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('customer_id', stale.customer_id, 'email', stale.email)), '[]')
  from (
    select known.customer_id, private.email_of(known.user_id) as email from private.stripe_customers as known
    where known.email_stale and known.deleted_at is null
      and (list_stale_customers.user_id is null or known.user_id = list_stale_customers.user_id)
    order by known.created_at, known.customer_id limit number
  ) as stale
$$;
comment on function public.list_stale_customers(int, uuid) is 'Customers whose address is old at Stripe, and the new one.';

-- Only if it is still the user's: another change meanwhile stays to be done.
create function public.mark_customer_current(customer_id text, email text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_customers as known set email_stale = false
  where known.customer_id = mark_customer_current.customer_id
    and private.email_of(known.user_id) = mark_customer_current.email
$$;
comment on function public.mark_customer_current(text, text) is 'Stripe has been given this address of a customer.';

-- What a handler needs to know of a user who wants to pay, and of the plan to be paid for.
create function public.get_billing_account(
  user_id uuid, plan text default null, currency text default null, "interval" text default null
) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'email', private.email_of(account.id),
    'customer_id', private.customer_of(account.id),
    'customers', array(
      select known.customer_id from private.stripe_customers as known
      where known.user_id = account.id and known.deleted_at is null order by known.created_at, known.customer_id
    ),
    -- Part of the idempotency key, so that the next customer after a deleted one is a new one.
    'generation', (
      select count(*) from private.stripe_customers as known
      where known.user_id = account.id and known.deleted_at is not null
    ),
    'price_id', sold.price_id, 'lookup_key', sold.lookup_key, 'trial_days', sold.trial_days,
    'email_stale', exists (
      select from private.stripe_customers as known
      where known.user_id = account.id and known.email_stale and known.deleted_at is null
    ),
    'has_subscribed', exists (select from public.subscriptions as own where own.user_id = account.id),
    'live_subscriptions', array(
      select own.stripe_id from public.subscriptions as own
      where own.user_id = account.id and own.status not in ('canceled', 'incomplete_expired')
      order by own.created_at desc, own.stripe_id
    )
  )
  from private.users as account
  left join lateral (
    select offer.price_id, offer.lookup_key, offer.trial_days
    from public.plans as offer, lateral (
      select first.currency, first."interval", first.interval_count from public.plans as first
      where first.plan = offer.plan and first.offered order by first.created_at, first.id limit 1
    ) as usual
    where offer.plan = get_billing_account.plan and offer.offered
      and coalesce(offer.currency = get_billing_account.currency, get_billing_account.currency is null)
      and coalesce(offer."interval" = get_billing_account."interval", get_billing_account."interval" is null)
    -- Without a wish, what the plan was first sold for; of that the newest price that Stripe still sells.
    order by
      offer.available desc,
      (offer.currency, offer."interval", offer.interval_count)
        is not distinct from (usual.currency, usual."interval", usual.interval_count) desc,
      offer.created_at desc, offer.id
    limit 1
  ) as sold on true
  where account.id = get_billing_account.user_id
$$;
comment on function public.get_billing_account(uuid, text, text, text) is
  'Address, customers, subscriptions, and the price at which a plan is sold; null if there is no such user.';

revoke all on function public.get_billing_account(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke all on function private.mark_email_stale() from public;
revoke all on function public.list_stale_customers(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.mark_customer_current(text, text) from public, anon, authenticated, service_role;
grant execute on function public.list_stale_customers(int, uuid) to service_role;
grant execute on function public.mark_customer_current(text, text) to service_role;
grant execute on function public.get_billing_account(uuid, text, text, text) to service_role;
