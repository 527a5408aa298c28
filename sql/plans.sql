-- What Stripe's prices mean here: data, seeded for each environment, since a price's id differs between them. How a price
-- looks (name, amount, currency, interval, ...) is filled in from Stripe.

create table public.plans (
  id uuid primary key default gen_random_uuid(),
  plan text not null check (plan ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$' and plan <> 'unknown'),
  price_id text unique check (char_length(price_id) between 1 and 255),
  lookup_key text unique check (char_length(lookup_key) between 1 and 200),
  tier text not null check (tier in ('free', 'paid')),
  offered boolean not null default true,
  created_at timestamptz not null default now(),
  synced boolean not null default false,
  available boolean not null default true,
  current_price_id text check (char_length(current_price_id) between 1 and 255),
  product_id text check (char_length(product_id) between 1 and 255),
  name text check (char_length(name) <= 5000),
  description text check (char_length(description) <= 5000),
  amount bigint check (amount >= 0),
  currency text check (currency ~ '^[a-z]{3}$'),
  "interval" text check ("interval" in ('day', 'week', 'month', 'year')),
  interval_count int check (interval_count > 0),
  trial_days int check (trial_days between 0 and 730),
  features jsonb not null default '[]' check (jsonb_typeof(features) = 'array'),
  limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object'),
  constraint plans_price_check check (price_id is not null or lookup_key is not null)
);
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, the tier that it gives, and how it looks on a pricing page.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on column public.plans.price_id is 'Stripe''s id of the price (price_...), which differs between environments.';
comment on column public.plans.lookup_key is 'The price''s lookup key, which may be the same in all of them.';
comment on column public.plans.offered is 'Whether it can be bought; people keep what they bought before.';
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

-- The rows of a plan: it may be sold at several prices, in other currencies and intervals, and may have had others.
create index plans_plan_idx on public.plans (plan);
