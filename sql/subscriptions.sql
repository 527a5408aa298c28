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
  created_at timestamptz not null default now()
);
comment on table public.subscriptions is 'Stripe''s subscriptions; written by handlers.';
comment on column public.subscriptions.stripe_id is 'Stripe''s id of the subscription (sub_...).';
comment on column public.subscriptions.status is 'Stripe''s word for it.';

-- A person's subscriptions, newest first; it serves the foreign key and the policy too.
create index subscriptions_user_id_created_at_idx on public.subscriptions (user_id, created_at desc);
