-- Stripe's prices, and what each was sold as. A price leaves `plans` while people go on paying it: another price takes its
-- lookup key over, or the row is renamed or deleted. A price once sold keeps the plan and tier that it was sold as.

create table private.stripe_prices (
  price_id text primary key check (char_length(price_id) between 1 and 255),
  sold_plan text check (char_length(sold_plan) between 1 and 64),
  sold_tier text check (sold_tier in ('free', 'paid')),
  constraint stripe_prices_sold_check check ((sold_plan is null) = (sold_tier is null))
);
comment on table private.stripe_prices is 'Stripe''s prices, and the plan and tier that each was sold as.';
comment on column private.stripe_prices.sold_plan is 'The plan that it was sold as, whatever `plans` says of it later.';
comment on column private.stripe_prices.sold_tier is 'The tier that it was sold as.';

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
  left join public.plans as by_id on by_id.price_id = listed.value ->> 'price_id'
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
create function private.remember_prices(items jsonb) returns void
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
comment on function private.remember_prices(jsonb) is 'Keeps the plan and tier of prices that `plans` names.';
