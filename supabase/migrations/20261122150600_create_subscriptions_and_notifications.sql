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

-- People see their own; handlers write.
alter table public.subscriptions enable row level security;

create policy "people see their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.subscriptions from anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated;
grant select, insert, update, delete on table public.subscriptions to service_role;

-- The log of e-mails.

create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  type text not null check (char_length(type) between 1 and 64),
  sent_at timestamptz default now(),
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed'))
);
comment on table public.notifications is 'E-mails to people (welcome, renewal, ...); written by handlers.';
comment on column public.notifications.sent_at is 'When it was handed to the mail service; null while it was not.';

-- A person's notifications, newest first; it serves the foreign key and the policy too.
create index notifications_user_id_sent_at_idx on public.notifications (user_id, sent_at desc);

-- People see their own; handlers write.
alter table public.notifications enable row level security;

create policy "people see their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notifications from anon, authenticated, service_role;
grant select on table public.notifications to authenticated;
grant select, insert, update, delete on table public.notifications to service_role;
