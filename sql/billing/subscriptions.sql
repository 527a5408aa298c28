-- What users pay for, as Stripe says.

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  stripe_id text not null unique
    constraint subscriptions_stripe_id_length check (char_length(stripe_id) between 1 and 255),
  status text not null
    constraint subscriptions_status_choices check (
      status in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')
    ),
  plan text not null constraint subscriptions_plan_length check (char_length(plan) between 1 and 255),
  current_period_end timestamptz,
  created_at timestamptz not null default now(),
  tier text not null default 'free' constraint subscriptions_tier_choices check (tier in ('free', 'paid')),
  price_id text constraint subscriptions_price_id_length check (char_length(price_id) between 1 and 255),
  cancel_at timestamptz,
  past_due_since timestamptz,
  grace_until timestamptz,
  price_amount bigint,
  price_currency text constraint subscriptions_price_currency_format check (price_currency ~ '^[a-z]{3}$'),
  price_interval text
    constraint subscriptions_price_interval_choices check (price_interval in ('day', 'week', 'month', 'year')),
  price_interval_count int constraint subscriptions_price_interval_count_range check (price_interval_count > 0),
  trial_end timestamptz
);
comment on table public.subscriptions is
  e'Stripe''s subscriptions; written by handlers.\n'
  '@graphql({"name": "PlanSubscription", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "subscriptions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on column public.subscriptions.stripe_id is 'Stripe''s id of the subscription (sub_...).';
comment on column public.subscriptions.status is 'Stripe''s word for it.';
comment on column public.subscriptions.plan is 'The plan that its price was sold as; `unknown` for a price of no plan.';
comment on column public.subscriptions.tier is 'The tier that it gives now: free once it has ended, is paused or is owed.';
comment on column public.subscriptions.price_id is 'Stripe''s id of the price.';
comment on column public.subscriptions.cancel_at is 'When it will end, or ended.';
comment on column public.subscriptions.past_due_since is 'Since when a payment is owed; null unless past_due.';
comment on column public.subscriptions.price_amount is
  'What it costs each time, in the currency''s smallest unit, before discounts and taxes; null with several prices.';
comment on column public.subscriptions.price_interval is 'With price_interval_count: how often it is paid.';
comment on column public.subscriptions.trial_end is 'When its trial ends, or ended.';
comment on column public.subscriptions.grace_until is 'Until then a past_due subscription still gives its tier.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint subscriptions_stripe_id_length on public.subscriptions is 'Stripe ID must have 1 to 255 characters.';
comment on constraint subscriptions_status_choices on public.subscriptions is
  'Status must be incomplete, incomplete_expired, trialing, active, past_due, canceled, unpaid or paused.';
comment on constraint subscriptions_plan_length on public.subscriptions is 'Plan must have 1 to 255 characters.';
comment on constraint subscriptions_tier_choices on public.subscriptions is 'Tier must be free or paid.';
comment on constraint subscriptions_price_id_length on public.subscriptions is 'Price ID must have 1 to 255 characters.';
comment on constraint subscriptions_price_currency_format on public.subscriptions is
  'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint subscriptions_price_interval_choices on public.subscriptions is
  'Price interval must be day, week, month or year.';
comment on constraint subscriptions_price_interval_count_range on public.subscriptions is
  'Price interval count must be 1 or more.';

-- A user's subscriptions, newest first; it serves the foreign key and the policy too.
create index subscriptions_user_id_created_at_idx on public.subscriptions (user_id, created_at desc);

-- Whose grace is over.
create index subscriptions_grace_until_idx on public.subscriptions (grace_until) where status = 'past_due';

-- What only handlers need to know of a subscription. A row without one is at version 0 and keeps its tier.
create table private.stripe_subscriptions (
  stripe_id text primary key references public.subscriptions (stripe_id) on delete cascade,
  customer_id text check (char_length(customer_id) between 1 and 255),
  sold_tier text not null check (sold_tier in ('free', 'paid')),
  version bigint not null
);
comment on table private.stripe_subscriptions is 'Subscriptions: customer, tier of the plan, and version.';
comment on column private.stripe_subscriptions.customer_id is 'Stripe''s id of the customer (cus_...) who pays.';
comment on column private.stripe_subscriptions.sold_tier is 'The tier that the plan gives while the status does.';
comment on column private.stripe_subscriptions.version is
  'Fencing token: drawn before Stripe was asked for what the row shows; a lower one changes nothing.';

-- What reconciliation has not seen yet.
create index stripe_subscriptions_version_idx on private.stripe_subscriptions (version);
