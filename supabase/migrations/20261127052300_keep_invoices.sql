-- What users were asked to pay, and what they paid, as Stripe says. Drafts are nobody's yet: Stripe may change or delete them.

create table public.invoices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  stripe_id text not null unique check (char_length(stripe_id) between 1 and 255),
  subscription_id text check (char_length(subscription_id) between 1 and 255),
  number text check (char_length(number) <= 255),
  status text not null check (status in ('open', 'paid', 'uncollectible', 'void')),
  currency text not null check (currency ~ '^[a-z]{3}$'),
  amount_due bigint not null,
  amount_paid bigint not null,
  amount_remaining bigint not null,
  period_start timestamptz,
  period_end timestamptz,
  hosted_invoice_url text check (hosted_invoice_url ~ '^https?://' and char_length(hosted_invoice_url) <= 2048),
  invoice_pdf text check (invoice_pdf ~ '^https?://' and char_length(invoice_pdf) <= 2048),
  created_at timestamptz not null
);
comment on table public.invoices is
  e'Stripe''s invoices; written by handlers.\n'
  '@graphql({"name": "Invoice", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "invoices", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on column public.invoices.stripe_id is 'Stripe''s id of the invoice (in_...).';
comment on column public.invoices.subscription_id is 'Stripe''s id of the subscription that it is for; null for any other.';
comment on column public.invoices.number is 'The number that is printed on it.';
comment on column public.invoices.status is 'Stripe''s word for it.';
comment on column public.invoices.amount_due is 'In the currency''s smallest unit, as all amounts of Stripe.';
comment on column public.invoices.amount_paid is 'What was paid; refunds do not lower it.';
comment on column public.invoices.amount_remaining is 'What is still to be paid.';
comment on column public.invoices.period_start is 'Of the time that it pays for.';
comment on column public.invoices.hosted_invoice_url is
  'Stripe''s page of the invoice, where an open one can be paid; the link ends 30 days after the due date.';
comment on column public.invoices.invoice_pdf is 'The invoice as a PDF file, at Stripe.';

-- A user's invoices, newest first; it serves the foreign key and the policy too.
create index invoices_user_id_created_at_idx on public.invoices (user_id, created_at desc);

-- What only handlers need to know of an invoice.
create table private.stripe_invoices (
  stripe_id text primary key references public.invoices (stripe_id) on delete cascade,
  version bigint not null
);
comment on table private.stripe_invoices is 'Which version of each invoice was stored.';
comment on column private.stripe_invoices.version is
  'Fencing token: drawn before Stripe was asked for what the row shows; a lower one changes nothing.';

-- `invoices`: [{"id", "subscription_id", "number", "status", "currency", "amount_due", "amount_paid", "amount_remaining",
-- "period_start", "period_end", "hosted_invoice_url", "invoice_pdf", "created"}] with times in seconds since 1970. The
-- caller has locked the user's row.
create function private.store_stripe_invoices(version bigint, owner uuid, invoices jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  with newer as (
    select given.* from jsonb_to_recordset(invoices) as given (
      id text, subscription_id text, number text, status text, currency text, amount_due bigint, amount_paid bigint,
      amount_remaining bigint, period_start double precision, period_end double precision, hosted_invoice_url text,
      invoice_pdf text, created double precision
    )
    left join private.stripe_invoices as known on known.stripe_id = given.id
    where given.status <> 'draft' and coalesce(known.version < store_stripe_invoices.version, true)
  ),
  stored as (
    insert into public.invoices as own (
      user_id, stripe_id, subscription_id, number, status, currency, amount_due, amount_paid, amount_remaining,
      period_start, period_end, hosted_invoice_url, invoice_pdf, created_at
    )
    select
      owner, newer.id, newer.subscription_id, newer.number, newer.status, newer.currency, newer.amount_due,
      newer.amount_paid, newer.amount_remaining, to_timestamp(newer.period_start), to_timestamp(newer.period_end),
      newer.hosted_invoice_url, newer.invoice_pdf, to_timestamp(newer.created)
    from newer
    on conflict (stripe_id) do update set
      number = excluded.number, status = excluded.status, amount_due = excluded.amount_due,
      amount_paid = excluded.amount_paid, amount_remaining = excluded.amount_remaining,
      period_start = excluded.period_start, period_end = excluded.period_end,
      hosted_invoice_url = excluded.hosted_invoice_url, invoice_pdf = excluded.invoice_pdf
    returning own.stripe_id
  )
  insert into private.stripe_invoices as known (stripe_id, version)
  select stored.stripe_id, store_stripe_invoices.version from stored
  on conflict (stripe_id) do update set version = excluded.version
$$;
comment on function private.store_stripe_invoices(bigint, uuid, jsonb) is
  'Stores invoices of a user, each unless a later version of it is known.';

-- An invoice that is no subscription's; `customer_id` says whose it is.
create function public.apply_stripe_invoice(version bigint, invoice jsonb, event_id text) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  owner uuid;
begin
  if not private.is_own_account(null, (invoice ->> 'livemode')::boolean) then
    return jsonb_build_object('outcome', 'wrong_account', 'findings', '[]'::jsonb);
  end if;
  select profile.id into owner from private.users as profile
  where profile.id = (
    select known.user_id from private.stripe_customers as known where known.customer_id = invoice ->> 'customer_id'
  )
  for no key update;
  if owner is not null then
    perform private.store_stripe_invoices(version, owner, jsonb_build_array(invoice));
  end if;
  perform private.finish_stripe_event(event_id, case when owner is null then 'unknown_user' else 'applied' end);
  return jsonb_build_object(
    'outcome', case when owner is null then 'unknown_user' else 'applied' end, 'findings', '[]'::jsonb
  );
end
$$;
comment on function public.apply_stripe_invoice(bigint, jsonb, text) is
  'Brings an invoice without a subscription in step with Stripe, and marks the event.';

-- A user sees their own; Stripe's events, through handlers, are the only source.
alter table public.invoices enable row level security;

create policy "users see their own invoices" on public.invoices for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.invoices from anon, authenticated, service_role;
grant select on table public.invoices to authenticated;
grant select, insert, update, delete on table public.invoices to service_role;

alter table private.stripe_invoices enable row level security;

create policy "handlers keep the versions of invoices" on private.stripe_invoices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_invoices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_invoices to service_role;

revoke all on function private.store_stripe_invoices(bigint, uuid, jsonb) from public;
revoke all on function public.apply_stripe_invoice(bigint, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.store_stripe_invoices(bigint, uuid, jsonb) to service_role;
grant execute on function public.apply_stripe_invoice(bigint, jsonb, text) to service_role;

-- The e-mails that follow from what changed of a subscription, whichever event or reconciliation showed it. Those that
-- follow from an event alone (a renewal, a failed payment) are decided in functions/showcase/billing/emails.py.

create function private.is_live(status text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
$$;
comment on function private.is_live(text) is 'Whether a subscription of this status is one that its user has.';

-- What happened long before it was first seen here is no news.
create function private.queue_subscription_emails(
  before public.subscriptions, after public.subscriptions, version bigint, event_id text, told jsonb
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  news constant timestamptz := now() - interval '7 days';
  plan constant jsonb := jsonb_build_object('plan', after.plan);
  was_ending constant timestamptz := case when private.is_live(before.status) then before.cancel_at end;
begin
  if after.status in ('trialing', 'active') and after.created_at > news then
    perform private.queue_notification(after.user_id, 'subscription_started', after.stripe_id, plan || jsonb_strip_nulls(
      coalesce(told -> 'price', '{}') || jsonb_build_object(
        'trial_end', case when after.status = 'trialing' then told -> 'trial_end' end,
        'period_end', case when after.cancel_at is null then after.current_period_end end,
        'ends_at', after.cancel_at
      )
    ));
  end if;
  if private.is_live(after.status) and after.cancel_at is distinct from was_ending then
    if after.cancel_at is null then
      perform private.queue_notification(
        after.user_id, 'cancellation_withdrawn', after.stripe_id || ':' || version,
        plan || jsonb_build_object('period_end', after.current_period_end)
      );
    elsif before.id is not null or event_id is not null then
      perform private.queue_notification(
        after.user_id, 'cancellation_scheduled', after.stripe_id || ':' || version,
        plan || jsonb_build_object('ends_at', after.cancel_at)
      );
    end if;
  end if;
  if after.status = 'canceled' and (
    private.is_live(before.status)
    or after.cancel_at > news
      and exists (select from private.stripe_events as e where e.id = event_id and e.type = 'customer.subscription.deleted')
  ) then
    perform private.queue_notification(
      after.user_id, 'subscription_canceled', after.stripe_id, plan || jsonb_build_object('ended_at', after.cancel_at)
    );
  end if;
end
$$;
comment on function private.queue_subscription_emails(public.subscriptions, public.subscriptions, bigint, text, jsonb) is
  'Queues e-mails about a subscription that began, is to end, goes on after all, or ended.';

-- Part of what handlers apply.
revoke all on function private.is_live(text) from public;
revoke all on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) from public;
grant execute on function private.is_live(text) to service_role;
grant execute on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) to service_role;

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since", "livemode"} with times in seconds since 1970, and "price", "trial_end", "invoices" (see
-- store_stripe_invoices).
-- `emails`: [{"type", "dedupe_key", "payload"}], decided from what Stripe said, and queued at any version, once for each key.
create or replace function public.apply_stripe_subscription(
  version bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  owner uuid := private.owner_of_subscription(subscription);
  stored record;
  before public.subscriptions;
  after public.subscriptions;
  outcome text;
  tier text;
  findings jsonb;
  email jsonb;
begin
  if not private.is_own_account(null, (subscription ->> 'livemode')::boolean) then
    return jsonb_build_object('outcome', 'wrong_account', 'changed', '[]'::jsonb, 'findings', '[]'::jsonb);
  end if;
  -- One at a time for each user: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null);
    perform private.finish_stripe_event(event_id, 'unknown_user');
    return jsonb_build_object('outcome', 'unknown_user', 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  perform private.remember_account(null, (subscription ->> 'livemode')::boolean);
  perform private.remember_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  perform private.remember_prices(subscription -> 'items');
  select * into stored from private.store_subscription(version, subscription, owner, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case when stored.applied then 'applied' else 'stale' end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  if stored.applied then
    perform private.store_subscription_terms(subscription);
  end if;
  perform private.store_stripe_invoices(version, owner, coalesce(subscription -> 'invoices', '[]'));
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  perform private.queue_subscription_emails(before, after, version, event_id, subscription);
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object(
    'outcome', outcome, 'tier', tier, 'findings', findings, 'changed', private.changes_of(before, after)
  );
end
$$;
comment on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) is
  'Brings the row, the tier and the e-mails in step with Stripe, and marks the event; what changed.';

-- A payment went back, or is contested: an operator decides what follows.
create or replace function public.apply_stripe_charge(event_id text, kind text, charge jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  owner constant uuid := (
    select known.user_id from private.stripe_customers as known where known.customer_id = charge ->> 'customer_id'
  );
  findings jsonb;
begin
  findings := private.note_finding(kind, charge ->> 'id', charge || jsonb_build_object('user_id', owner));
  -- A refund that failed is taken off again: nothing may be left of it.
  if kind = 'charge_refunded' and (charge ->> 'amount_refunded')::bigint > 0 then
    perform private.queue_notification(
      owner, 'payment_refunded', concat_ws(':', charge ->> 'id', charge ->> 'amount_refunded'),
      jsonb_build_object(
        'amount', charge -> 'amount_refunded', 'paid', charge -> 'amount', 'currency', charge -> 'currency'
      )
    );
  end if;
  perform private.finish_stripe_event(event_id, 'noted');
  return jsonb_build_object('outcome', 'noted', 'findings', findings);
end
$$;
comment on function public.apply_stripe_charge(text, text, jsonb) is
  'Notes a refund or a dispute, and writes to the user about a refund.';

-- What a person is called at Stripe, now and when they asked to leave.
create or replace function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
    union
    select invoice.stripe_id from public.invoices as invoice where invoice.user_id = $1
    union
    select customer.customer_id from private.stripe_customers as customer
    where customer.user_id = $1
    union
    select unnest(deletion.stripe_ids) from private.account_deletions as deletion where deletion.user_id = $1
    union
    select $1::text
  )
$$;
comment on function private.stripe_ids(uuid) is 'The ids by which Stripe''s events name a person.';

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  ('invoices', 'public.invoices', 't.user_id = $1', 't.id::text', '{}', true),
  (
    'stripe_invoices', 'private.stripe_invoices',
    't.stripe_id in (select stripe_id from public.invoices where user_id = $1)', 't.stripe_id', '{}', true
  );
