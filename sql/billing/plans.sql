-- What Stripe's prices mean here: data, seeded for each environment, since a price's id differs between them. How a price
-- looks (name, amount, currency, interval, ...) is filled in from Stripe.

create table public.plans (
  id uuid primary key default gen_random_uuid(),
  plan text not null
    constraint plans_plan_format check (plan ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$')
    constraint plans_plan_reserved check (plan <> 'unknown'),
  price_id text unique constraint plans_price_id_length check (char_length(price_id) between 1 and 255),
  lookup_key text unique constraint plans_lookup_key_length check (char_length(lookup_key) between 1 and 200),
  tier text not null constraint plans_tier_choices check (tier in ('free', 'paid')),
  offered boolean not null default true,
  created_at timestamptz not null default now(),
  synced boolean not null default false,
  available boolean not null default true,
  current_price_id text
    constraint plans_current_price_id_length check (char_length(current_price_id) between 1 and 255),
  product_id text constraint plans_product_id_length check (char_length(product_id) between 1 and 255),
  name text constraint plans_name_length check (char_length(name) <= 5000),
  description text constraint plans_description_length check (char_length(description) <= 5000),
  amount bigint constraint plans_amount_range check (amount >= 0),
  currency text constraint plans_currency_format check (currency ~ '^[a-z]{3}$'),
  "interval" text constraint plans_interval_choices check ("interval" in ('day', 'week', 'month', 'year')),
  interval_count int constraint plans_interval_count_range check (interval_count > 0),
  trial_days int constraint plans_trial_days_range check (trial_days between 0 and 730),
  features jsonb not null default '[]' constraint plans_features_type check (jsonb_typeof(features) = 'array'),
  limits jsonb not null default '{}' constraint plans_limits_type check (jsonb_typeof(limits) = 'object'),
  constraint plans_price_id_required check (price_id is not null or lookup_key is not null)
);
comment on table public.plans is
  e'Stripe''s prices: the plan that each is of, the tier that it gives, and how it looks on a pricing page.\n'
  '@graphql({"name": "Plan", "totalCount": {"enabled": true}})';
comment on column public.plans.price_id is 'Stripe''s id of the price (price_...), which differs between environments.';
comment on column public.plans.lookup_key is 'The price''s lookup key, which may be the same in all of them.';
comment on column public.plans.offered is 'Whether it can be bought; users keep what they bought before.';
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

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint plans_plan_format on public.plans is
  'A plan must have 1 to 64 lower-case letters, digits, - and _, and begin and end with a letter or digit.';
comment on constraint plans_plan_reserved on public.plans is
  'A plan is not named unknown: that is what a price without a plan is shown as.';
comment on constraint plans_price_id_length on public.plans is 'Price ID must have 1 to 255 characters.';
comment on constraint plans_lookup_key_length on public.plans is 'Lookup key must have 1 to 200 characters.';
comment on constraint plans_tier_choices on public.plans is 'Tier must be free or paid.';
comment on constraint plans_current_price_id_length on public.plans is 'Current price ID must have 1 to 255 characters.';
comment on constraint plans_product_id_length on public.plans is 'Product ID must have 1 to 255 characters.';
comment on constraint plans_name_length on public.plans is 'Name must have 5,000 characters at most.';
comment on constraint plans_description_length on public.plans is 'Description must have 5,000 characters at most.';
comment on constraint plans_amount_range on public.plans is 'Amount must be 0 or more.';
comment on constraint plans_currency_format on public.plans is 'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint plans_interval_choices on public.plans is 'Interval must be day, week, month or year.';
comment on constraint plans_interval_count_range on public.plans is 'Interval count must be 1 or more.';
comment on constraint plans_trial_days_range on public.plans is 'Trial days must be 0 to 730.';
comment on constraint plans_features_type on public.plans is 'Features must be a list.';
comment on constraint plans_limits_type on public.plans is 'Limits must be an object.';
comment on constraint plans_price_id_required on public.plans is 'A plan has a price id or a lookup key.';

-- The rows of a plan: it may be sold at several prices, in other currencies and intervals, and may have had others.
create index plans_plan_idx on public.plans (plan);
