-- A price that its metadata names, and that is not on sale to all, gives its plan to who pays it.

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

revoke all on function private.names_plan(public.plans) from public;
grant execute on function private.names_plan(public.plans) to service_role;

create or replace function private.plans_of_items(items jsonb)
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

create or replace function private.remember_plan() returns trigger
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
