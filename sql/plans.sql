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

-- The rows of a plan: it may be sold at several prices, in other currencies and intervals, and may have had others.
create index plans_plan_idx on public.plans (plan);
