-- What Stripe's prices mean here: data, seeded for each environment, since a price's id differs between them.

create table public.plans (
  id uuid primary key default gen_random_uuid(),
  plan text not null check (plan ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$' and plan <> 'unknown'),
  price_id text unique check (char_length(price_id) between 1 and 255),
  lookup_key text unique check (char_length(lookup_key) between 1 and 200),
  tier text not null check (tier in ('free', 'paid')),
  offered boolean not null default true,
  created_at timestamptz not null default now(),
  constraint plans_price_check check (price_id is not null or lookup_key is not null)
);
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, and the tier that it gives.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on column public.plans.price_id is 'Stripe''s id of the price (price_...), which differs between environments.';
comment on column public.plans.lookup_key is 'The price''s lookup key, which may be the same in all of them.';
comment on column public.plans.offered is 'Whether it can be bought; people keep what they bought before.';

-- A plan may have had many prices; it is sold at one.
create unique index plans_offered_idx on public.plans (plan) where offered;

-- The plan of a subscription, from its items in Stripe's order ([{"price_id", "lookup_key"}]). What is not in the table
-- is said to be unknown: a plan that is guessed would be given away, or taken from somebody who pays.
create function private.plan_of(items jsonb) returns table (plan text, tier text, price_id text, unknown_prices text[])
language sql stable set search_path = pg_catalog, pg_temp as $$
  with item as (
    select
      listed.position, listed.value ->> 'price_id' as price_id,
      (
        select known from public.plans as known
        where known.price_id = listed.value ->> 'price_id' or known.lookup_key = listed.value ->> 'lookup_key'
        order by known.price_id is not distinct from listed.value ->> 'price_id' desc limit 1
      ) as known
    from jsonb_array_elements(items) with ordinality as listed (value, position)
  ),
  best as (
    select item.* from item order by ((item.known).tier = 'paid') desc nulls last, item.position limit 1
  )
  select
    coalesce((best.known).plan, 'unknown'), coalesce((best.known).tier, 'free'), best.price_id,
    coalesce((select array_agg(item.price_id order by item.position) from item where (item.known).id is null), '{}')
  from (select) as always left join best on true
$$;
comment on function private.plan_of(jsonb) is
  'The plan and tier of a subscription''s items, and the prices among them that nobody has named.';
