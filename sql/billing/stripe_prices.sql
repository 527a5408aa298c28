-- Stripe's prices, and what each was sold as. A price leaves `plans` while users go on paying it: another price takes its
-- lookup key over, or the row is renamed or deleted. A price once sold keeps the plan and tier that it was sold as.

create table private.stripe_prices (
  price_id text primary key check (char_length(price_id) between 1 and 255),
  sold_plan text check (char_length(sold_plan) between 1 and 64),
  sold_tier text check (sold_tier in ('free', 'paid')),
  product_id text,
  lookup_key text,
  active boolean not null default true,
  currency text,
  amount bigint,
  "interval" text,
  interval_count int,
  trial_days int,
  name text,
  description text,
  features jsonb not null default '[]',
  limits jsonb not null default '{}',
  named_plan text,
  named_tier text check (named_tier in ('free', 'paid')),
  offered boolean not null default true,
  version bigint not null default 0,
  constraint stripe_prices_sold_check check ((sold_plan is null) = (sold_tier is null))
);
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

-- Whether a row says of which plan its price is. One that only shows another price of a product, which neither an operator
-- nor its metadata has named and that is not offered either, does not.
create function private.names_plan(listed public.plans) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select listed.offered or not listed.synced or exists (
    select from private.stripe_prices as known
    where known.price_id = listed.price_id and known.named_plan = listed.plan
  )
$$;
comment on function private.names_plan(public.plans) is 'Whether a row of `plans` decides the plan of its price.';

-- What `plans` says of a price's id counts first: an operator may correct it. A lookup key says what a price is sold as
-- now, and the memory what it was sold as, so the memory counts before the key.
create function private.plans_of_items(items jsonb)
returns table ("position" bigint, price_id text, plan text, tier text, on_sale boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select
    listed.position, listed.value ->> 'price_id',
    coalesce(by_id.plan, sold.sold_plan, by_key.plan), coalesce(by_id.tier, sold.sold_tier, by_key.tier),
    by_id.id is not null or by_key.id is not null
  from jsonb_array_elements(items) with ordinality as listed (value, position)
  left join public.plans as by_id on by_id.price_id = listed.value ->> 'price_id' and private.names_plan(by_id)
  left join private.stripe_prices as sold
    on sold.price_id = listed.value ->> 'price_id' and sold.sold_plan is not null
  left join public.plans as by_key on by_key.lookup_key = listed.value ->> 'lookup_key'
$$;
comment on function private.plans_of_items(jsonb) is
  'The plan and tier of each item [{"price_id", "lookup_key"}], null where nothing names it; and whether `plans` does.';

-- The plan of a subscription, from its items in Stripe's order. A price that nothing ever named is said to be unknown: a
-- plan that is guessed would be given away, or taken from a user who pays.
create function private.plan_of(items jsonb)
returns table (plan text, tier text, price_id text, unknown_prices text[], off_sale_prices text[])
language sql stable set search_path = pg_catalog, pg_temp as $$
  with item as materialized (select * from private.plans_of_items(items)),
  best as (select * from item order by item.tier = 'paid' desc nulls last, item.position limit 1)
  select
    coalesce(best.plan, 'unknown'), coalesce(best.tier, 'free'), best.price_id,
    array(select item.price_id from item where item.plan is null and item.price_id is not null order by item.position),
    array(select item.price_id from item where item.plan is not null and not item.on_sale order by item.position)
  from (select) as always left join best on true
$$;
comment on function private.plan_of(jsonb) is
  'The plan and tier of a subscription''s items, the prices among them that nothing names, and those that left `plans`.';

-- Called whenever a price is seen under a name, so also before anything is bought at it. Most calls write nothing.
create function private.record_sold_prices(items jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.stripe_prices as known (price_id, sold_plan, sold_tier)
  select distinct on (item.price_id) item.price_id, item.plan, item.tier
  from private.plans_of_items(items) as item
  where item.plan is not null and item.price_id is not null and not exists (
    select from private.stripe_prices as known
    where known.price_id = item.price_id and known.sold_plan = item.plan and known.sold_tier = item.tier
  )
  order by item.price_id
  on conflict (price_id) do update set sold_plan = excluded.sold_plan, sold_tier = excluded.sold_tier
$$;
comment on function private.record_sold_prices(jsonb) is 'Keeps the plan and tier of prices that `plans` names.';

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
create function private.record_sold_plan() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.stripe_prices as known (price_id, sold_plan, sold_tier)
  select coalesce(old.price_id, old.current_price_id), old.plan, old.tier
  where coalesce(old.price_id, old.current_price_id) is not null and private.names_plan(old)
  on conflict (price_id) do update set sold_plan = excluded.sold_plan, sold_tier = excluded.sold_tier
    where known.sold_plan is null;
  return null;
end
$$;
comment on function private.record_sold_plan() is 'Trigger: keeps what the price of a row was sold as.';

create trigger record_sold_plan after update of plan, tier, price_id, lookup_key or delete on public.plans
  for each row execute function private.record_sold_plan();

-- A price of a plan that no row names becomes a row: by `plan` in the metadata of the price or of its product; or, not
-- offered until an operator says so, as another one of a product whose rows of this interval are all of one plan. Once
-- somebody has bought it as that plan, other metadata no longer change the row's plan and tier.
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
  update public.plans as listed set offered = named.offered
  where listed.price_id = price.price_id and listed.synced and price.named_plan is not null;
  update public.plans as listed set plan = named.plan, tier = named.tier
  where listed.price_id = price.price_id and listed.synced and price.named_plan is not null and not exists (
    select from public.subscriptions as bought
    where bought.price_id = listed.price_id and bought.plan = listed.plan and bought.tier = listed.tier
  );
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
