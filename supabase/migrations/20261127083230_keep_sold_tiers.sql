-- Other metadata on a product or price that somebody has bought took the tier from its subscribers: the row of `plans`
-- followed them, and counts before what is remembered.
create or replace function private.list_price(price private.stripe_prices) returns void
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
