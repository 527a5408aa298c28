-- What people pay for, as Stripe tells.

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  stripe_id text not null unique check (char_length(stripe_id) between 1 and 255),
  status text not null check (
    status in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')
  ),
  plan text not null check (char_length(plan) between 1 and 255),
  current_period_end timestamptz,
  created_at timestamptz not null default now(),
  tier text not null default 'free' check (tier in ('free', 'paid')),
  price_id text check (char_length(price_id) between 1 and 255),
  cancel_at timestamptz,
  past_due_since timestamptz,
  grace_until timestamptz,
  applied_ticket bigint not null default 0
);
comment on table public.subscriptions is
  e'Stripe''s subscriptions; written by handlers.\n'
  '@graphql({"name": "PlanSubscription", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "subscriptions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on column public.subscriptions.stripe_id is 'Stripe''s id of the subscription (sub_...).';
comment on column public.subscriptions.status is 'Stripe''s word for it.';
comment on column public.subscriptions.plan is 'Of the table plans; `unknown` where the price is not in it.';
comment on column public.subscriptions.tier is 'The tier that the plan gives while the status does.';
comment on column public.subscriptions.price_id is 'Stripe''s id of the price.';
comment on column public.subscriptions.cancel_at is 'When it will end, or ended.';
comment on column public.subscriptions.past_due_since is 'Since when a payment is owed; null unless past_due.';
comment on column public.subscriptions.grace_until is 'Until then a past_due subscription still gives its tier.';
comment on column public.subscriptions.applied_ticket is 'Of the latest look at Stripe that this row shows.';

-- A person's subscriptions, newest first; it serves the foreign key and the policy too.
create index subscriptions_user_id_created_at_idx on public.subscriptions (user_id, created_at desc);

-- Whose grace is over, and what reconciliation has not seen yet.
create index subscriptions_grace_until_idx on public.subscriptions (grace_until) where status = 'past_due';
create index subscriptions_applied_ticket_idx on public.subscriptions (applied_ticket)
  where status not in ('canceled', 'incomplete_expired');
