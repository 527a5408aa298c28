-- Billing, number 5 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/billing/subscriptions.sql

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

-- sql/billing/plans.sql

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

-- sql/billing/billing_findings.sql

-- What somebody has to look at: each thing once, however often it is met.

create table private.billing_findings (
  kind text not null check (
    kind in ('unknown_price', 'unknown_user', 'several_subscriptions', 'charge_refunded', 'charge_disputed',
      'price_off_sale', 'wrong_stripe_account', 'mass_cancellation')
  ),
  subject text not null check (char_length(subject) between 1 and 255),
  details jsonb not null default '{}',
  times int not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (kind, subject)
);
comment on table private.billing_findings is 'What an operator has to look at: prices of no plan, payments of unknown users, refunds, a wrong key.';
comment on column private.billing_findings.subject is 'The id at Stripe that it is about; of several_subscriptions, the user''s.';
comment on column private.billing_findings.resolved_at is 'When it was no longer so; it opens again when it is met again.';

-- What it is about, when it was not known to be so: that is to be reported, and no more than that.
create function private.note_finding(kind text, subject text, details jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  is_new boolean;
begin
  select coalesce(bool_and(known.resolved_at is not null), true) into is_new from private.billing_findings as known
  where known.kind = note_finding.kind and known.subject = note_finding.subject;
  insert into private.billing_findings as known (kind, subject, details)
  values (note_finding.kind, note_finding.subject, note_finding.details)
  on conflict (kind, subject) do update set
    details = excluded.details, times = known.times + 1, last_seen_at = now(), resolved_at = null;
  return case
    when is_new then jsonb_build_array(jsonb_build_object('kind', note_finding.kind, 'subject', note_finding.subject))
    else '[]'
  end;
end
$$;
comment on function private.note_finding(text, text, jsonb) is 'Notes it; a list of the finding if it is new, else an empty one.';

create function private.resolve_findings(kind text, subjects text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.billing_findings as known set resolved_at = now()
  where known.kind = resolve_findings.kind and known.subject = any (subjects) and known.resolved_at is null
$$;
comment on function private.resolve_findings(text, text[]) is 'These are no longer so.';

-- For reports.
create function public.count_billing_findings() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_object_agg(open.kind, open.number), '{}') from (
    select known.kind, count(*) as number from private.billing_findings as known
    where known.resolved_at is null group by known.kind
  ) as open
$$;
comment on function public.count_billing_findings() is 'How many findings are open, by kind.';

-- sql/billing/stripe_account.sql

-- Which account and mode at Stripe our rows are of. With a key of another one every subscription of ours is a 404: a
-- swapped key, or a copy of production beside test keys, must not be taken for the end of all of them.

create table private.stripe_account (
  id boolean primary key default true check (id),
  account_id text check (char_length(account_id) between 1 and 255),
  livemode boolean,
  accepted_at timestamptz not null default now()
);
comment on table private.stripe_account is 'The account and mode at Stripe that the rows here are of; one row.';
comment on column private.stripe_account.account_id is 'acct_...; null while no key was allowed to read it.';
comment on column private.stripe_account.livemode is 'Live or test mode; null while nothing has said so.';
comment on column private.stripe_account.accepted_at is 'First contact, or when an operator accepted another account.';

-- What is null, on either side, is not known and does not differ.
create function private.is_own_account(account_id text, livemode boolean) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select not exists (
    select from private.stripe_account as known
    where known.account_id <> is_own_account.account_id or known.livemode <> is_own_account.livemode
  )
$$;
comment on function private.is_own_account(text, boolean) is 'Whether it may be the account and mode of our rows.';

-- At the first contact; later ones only fill in what was not known.
create function private.remember_account(account_id text, livemode boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.stripe_account as known (account_id, livemode)
  select remember_account.account_id, remember_account.livemode
  where not exists (
    select from private.stripe_account as known
    where (known.account_id is not null or remember_account.account_id is null)
      and (known.livemode is not null or remember_account.livemode is null)
  )
  on conflict (id) do update set
    account_id = coalesce(known.account_id, excluded.account_id), livemode = coalesce(known.livemode, excluded.livemode)
$$;
comment on function private.remember_account(text, boolean) is 'Keeps what is known of the account for the first time.';

-- `missing` is what Stripe did not have, or null.
create function public.report_wrong_stripe_account(account_id text, livemode boolean, missing text) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
  select private.note_finding('wrong_stripe_account', coalesce(known.account_id, 'stripe'), jsonb_build_object(
    'account_id', report_wrong_stripe_account.account_id, 'livemode', report_wrong_stripe_account.livemode,
    'missing', report_wrong_stripe_account.missing, 'known_livemode', known.livemode
  ))
  from (select) as always left join private.stripe_account as known on true
$$;
comment on function public.report_wrong_stripe_account(text, boolean, text) is
  'Notes that the key seems to be of another account or mode; the findings that are new.';

-- Of the account that the key opens, before reconciliation believes anything that it says. An operator who moves to
-- another account accepts it once.
create function public.check_stripe_account(account_id text, livemode boolean, accept boolean default false)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if accept then
    insert into private.stripe_account as known (account_id, livemode)
    values (nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode)
    on conflict (id) do update
      set account_id = excluded.account_id, livemode = excluded.livemode, accepted_at = now();
    update private.billing_findings as finding set resolved_at = now()
    where finding.kind = 'wrong_stripe_account' and finding.resolved_at is null;
    return true;
  elsif not private.is_own_account(check_stripe_account.account_id, check_stripe_account.livemode) then
    return false;
  end if;
  perform private.remember_account(nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode);
  return true;
end
$$;
comment on function public.check_stripe_account(text, boolean, boolean) is
  'Whether it is the account and mode of our rows, which the first contact decides; an empty id is an unknown one.';

-- sql/billing/stripe_events.sql

-- The ledger of Stripe's events. An event is a hint that something changed: kept are its id, which object to fetch, and
-- which e-mails follow from it; never its body, which holds addresses and parts of card numbers.

-- A version is drawn before Stripe is asked, so that the highest one shows all that earlier events announced.
create sequence private.stripe_versions;

create table private.stripe_events (
  id text primary key check (char_length(id) between 1 and 255),
  type text not null check (char_length(type) between 1 and 255),
  reference jsonb not null,
  version bigint not null,
  attempts int not null default 1,
  leased_until timestamptz,
  attempted_at timestamptz not null default now(),
  processed_at timestamptz,
  outcome text check (char_length(outcome) <= 64),
  error text check (char_length(error) <= 500),
  received_at timestamptz not null default now()
);
comment on table private.stripe_events is 'Stripe''s events, each once, and what became of them.';
comment on column private.stripe_events.reference is
  '{"kind", "object_id"} of the object to fetch, "emails" that follow, "prices" as they were named when it happened, '
  '"livemode" and "account".';
comment on column private.stripe_events.version is 'Drawn at the latest attempt.';
comment on column private.stripe_events.leased_until is 'Until then no other process works on it, unless it fails before.';
comment on column private.stripe_events.error is 'What the latest attempt failed with; null once it is processed.';

-- What reconciliation tries again, the longest untouched first.
create index stripe_events_unprocessed_idx on private.stripe_events (attempted_at) where processed_at is null;

-- Records an event, and leases it with a new version unless it is processed or leased. One of another account or mode
-- stays unprocessed: nothing that our key can fetch belongs to it.
create function public.record_stripe_event(event_id text, type text, reference jsonb, lease_seconds int) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  event private.stripe_events;
  acts constant boolean := record_stripe_event.reference ->> 'kind' <> 'nothing';
begin
  insert into private.stripe_events as known (id, type, reference, version, leased_until, processed_at, outcome)
  values (
    event_id, record_stripe_event.type, record_stripe_event.reference, nextval('private.stripe_versions'),
    case when acts then now() + make_interval(secs => lease_seconds) end,
    case when not acts then now() end,
    case when not acts then 'recorded' end
  )
  on conflict (id) do update set
    version = excluded.version, attempts = known.attempts + 1, attempted_at = now(), leased_until = excluded.leased_until
    where known.processed_at is null and coalesce(known.leased_until <= now(), true)
  returning * into event;
  if event.id is null then
    select * into event from private.stripe_events as known where known.id = event_id;
    return jsonb_build_object(
      'state', case when event.processed_at is null then 'in_progress' else 'processed' end,
      'seconds', greatest(1, ceil(extract(epoch from event.leased_until - now())))::int
    );
  elsif acts and not private.is_own_account(
    record_stripe_event.reference ->> 'account', (record_stripe_event.reference ->> 'livemode')::boolean
  ) then
    return jsonb_build_object('state', 'wrong_account', 'version', event.version);
  end if;
  return jsonb_build_object('state', case when acts then 'leased' else 'processed' end, 'version', event.version);
end
$$;
comment on function public.record_stripe_event(text, text, jsonb, int) is
  'leased with a version; in_progress and for how many seconds; processed; or wrong_account.';

-- Keeps why an attempt failed, and lets the next one in at once.
create function public.fail_stripe_event(event_id text, version bigint, error text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_events as event set error = left(fail_stripe_event.error, 500), leased_until = null
  where event.id = event_id and event.version = fail_stripe_event.version and event.processed_at is null
$$;
comment on function public.fail_stripe_event(text, bigint, text) is 'Keeps the error of an attempt and ends its lease.';

-- Called within the transaction that does what the event led to.
create function private.finish_stripe_event(event_id text, outcome text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_events as event set
    processed_at = now(), outcome = finish_stripe_event.outcome, error = null, leased_until = null
  where event.id = event_id and event.processed_at is null
$$;
comment on function private.finish_stripe_event(text, text) is 'Marks an event as processed.';

-- sql/billing/stripe_prices.sql

-- Stripe's prices, and what each was sold as. A price leaves `plans` while users go on paying it: another price takes its
-- lookup key over, or the row is renamed or deleted. A price once sold keeps the plan and tier that it was sold as.

create table private.stripe_prices (
  price_id text primary key check (char_length(price_id) between 1 and 255),
  sold_plan text check (char_length(sold_plan) between 1 and 64),
  sold_tier text check (sold_tier in ('free', 'paid')),
  product_id text,
  lookup_key text,
  active boolean not null default true,
  currency text,
  amount bigint,
  "interval" text,
  interval_count int,
  trial_days int,
  name text,
  description text,
  features jsonb not null default '[]',
  limits jsonb not null default '{}',
  named_plan text,
  named_tier text check (named_tier in ('free', 'paid')),
  offered boolean not null default true,
  version bigint not null default 0,
  constraint stripe_prices_sold_check check ((sold_plan is null) = (sold_tier is null))
);
comment on table private.stripe_prices is
  'Stripe''s prices as they are there, and the plan and tier that each was sold as.';
comment on column private.stripe_prices.sold_plan is 'The plan that it was sold as, whatever `plans` says of it later.';
comment on column private.stripe_prices.sold_tier is 'The tier that it was sold as.';
comment on column private.stripe_prices.active is 'Neither the price nor its product is archived or deleted.';
comment on column private.stripe_prices.named_plan is 'The plan that the metadata of the price or its product names.';
comment on column private.stripe_prices.named_tier is 'The tier that the metadata of the price or its product names.';
comment on column private.stripe_prices.offered is 'False where its metadata says so.';
comment on column private.stripe_prices.version is
  'Fencing token: drawn before Stripe was asked; 0 where only what it was sold as is known.';

-- Which prices a row of `plans` shows.
create index stripe_prices_lookup_key_idx on private.stripe_prices (lookup_key);

-- Whether a row says of which plan its price is. One that only shows another price of a product, which neither an operator
-- nor its metadata has named and that is not offered either, does not.
create function private.names_plan(listed public.plans) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select listed.offered or not listed.synced or exists (
    select from private.stripe_prices as known
    where known.price_id = listed.price_id and known.named_plan = listed.plan
  )
$$;
comment on function private.names_plan(public.plans) is 'Whether a row of `plans` decides the plan of its price.';

-- What `plans` says of a price's id counts first: an operator may correct it. A lookup key says what a price is sold as
-- now, and the memory what it was sold as, so the memory counts before the key.
create function private.plans_of_items(items jsonb)
returns table ("position" bigint, price_id text, plan text, tier text, on_sale boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select
    listed.position, listed.value ->> 'price_id',
    coalesce(by_id.plan, sold.sold_plan, by_key.plan), coalesce(by_id.tier, sold.sold_tier, by_key.tier),
    by_id.id is not null or by_key.id is not null
  from jsonb_array_elements(items) with ordinality as listed (value, position)
  left join public.plans as by_id on by_id.price_id = listed.value ->> 'price_id' and private.names_plan(by_id)
  left join private.stripe_prices as sold
    on sold.price_id = listed.value ->> 'price_id' and sold.sold_plan is not null
  left join public.plans as by_key on by_key.lookup_key = listed.value ->> 'lookup_key'
$$;
comment on function private.plans_of_items(jsonb) is
  'The plan and tier of each item [{"price_id", "lookup_key"}], null where nothing names it; and whether `plans` does.';

-- The plan of a subscription, from its items in Stripe's order. A price that nothing ever named is said to be unknown: a
-- plan that is guessed would be given away, or taken from a user who pays.
create function private.plan_of(items jsonb)
returns table (plan text, tier text, price_id text, unknown_prices text[], off_sale_prices text[])
language sql stable set search_path = pg_catalog, pg_temp as $$
  with item as materialized (select * from private.plans_of_items(items)),
  best as (select * from item order by item.tier = 'paid' desc nulls last, item.position limit 1)
  select
    coalesce(best.plan, 'unknown'), coalesce(best.tier, 'free'), best.price_id,
    array(select item.price_id from item where item.plan is null and item.price_id is not null order by item.position),
    array(select item.price_id from item where item.plan is not null and not item.on_sale order by item.position)
  from (select) as always left join best on true
$$;
comment on function private.plan_of(jsonb) is
  'The plan and tier of a subscription''s items, the prices among them that nothing names, and those that left `plans`.';

-- Called whenever a price is seen under a name, so also before anything is bought at it. Most calls write nothing.
create function private.remember_prices(items jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.stripe_prices as known (price_id, sold_plan, sold_tier)
  select distinct on (item.price_id) item.price_id, item.plan, item.tier
  from private.plans_of_items(items) as item
  where item.plan is not null and item.price_id is not null and not exists (
    select from private.stripe_prices as known
    where known.price_id = item.price_id and known.sold_plan = item.plan and known.sold_tier = item.tier
  )
  order by item.price_id
  on conflict (price_id) do update set sold_plan = excluded.sold_plan, sold_tier = excluded.sold_tier
$$;
comment on function private.remember_prices(jsonb) is 'Keeps the plan and tier of prices that `plans` names.';

-- Fills in how the row's price looks. What has left Stripe's catalogue stays, and is not available.
create function private.show_price() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  price private.stripe_prices;
begin
  select known.* into price from private.stripe_prices as known
  where known.version > 0 and (known.price_id = new.price_id or new.price_id is null and known.lookup_key = new.lookup_key)
  order by known.version desc limit 1;
  if not found then
    new.available := new.current_price_id is null;
    return new;
  end if;
  new.available := price.active;
  new.current_price_id := price.price_id;
  new.product_id := price.product_id;
  new.name := price.name;
  new.description := price.description;
  new.amount := price.amount;
  new.currency := price.currency;
  new."interval" := price."interval";
  new.interval_count := price.interval_count;
  new.trial_days := price.trial_days;
  new.features := price.features;
  new.limits := new.limits || price.limits;
  return new;
end
$$;
comment on function private.show_price() is 'Trigger: shows Stripe''s price in a row of `plans`.';

create trigger show_price before insert or update on public.plans
  for each row execute function private.show_price();

-- A row is renamed or deleted: who bought its price goes on having what was sold.
create function private.remember_plan() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.stripe_prices as known (price_id, sold_plan, sold_tier)
  select coalesce(old.price_id, old.current_price_id), old.plan, old.tier
  where coalesce(old.price_id, old.current_price_id) is not null and private.names_plan(old)
  on conflict (price_id) do update set sold_plan = excluded.sold_plan, sold_tier = excluded.sold_tier
    where known.sold_plan is null;
  return null;
end
$$;
comment on function private.remember_plan() is 'Trigger: keeps what the price of a row was sold as.';

create trigger remember_plan after update of plan, tier, price_id, lookup_key or delete on public.plans
  for each row execute function private.remember_plan();

-- A price of a plan that no row names becomes a row: by `plan` in the metadata of the price or of its product; or, not
-- offered until an operator says so, as another one of a product whose rows of this interval are all of one plan. Once
-- somebody has bought it as that plan, other metadata no longer change the row's plan and tier.
create function private.list_price(price private.stripe_prices) returns void
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
comment on function private.list_price(private.stripe_prices) is 'Makes a row of `plans` for a price that belongs to one.';

-- `prices`: [{"id", "product_id", "lookup_key", "active", "currency", "amount", "interval", "interval_count", "trial_days",
-- "name", "description", "features", "limits", "plan", "tier", "offered", "livemode"}] as they are at Stripe now.
-- `missing`: prices that were deleted there.
create function public.apply_stripe_prices(
  version bigint, prices jsonb, event_id text default null, missing text[] default '{}'
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  received jsonb;
  price private.stripe_prices;
  changed text[] := missing;
begin
  if exists (
    select from jsonb_array_elements(prices) as one where not private.is_own_account(null, (one ->> 'livemode')::boolean)
  ) then
    return jsonb_build_object('outcome', 'wrong_account', 'findings', '[]'::jsonb);
  end if;
  -- One at a time: which price has a lookup key is decided over all of them.
  perform pg_advisory_xact_lock(hashtextextended('stripe_prices', 0));
  perform private.remember_prices(known.reference -> 'prices') from private.stripe_events as known
  where known.id = event_id and jsonb_array_length(known.reference -> 'prices') > 0;
  update private.stripe_prices as known set active = false
  where known.price_id = any (missing) and known.version < version;
  for received in select value from jsonb_array_elements(prices) loop
    -- Whose key it is now: the price that had it was sold under that name until here.
    perform private.remember_prices(
      jsonb_agg(jsonb_build_object('price_id', known.price_id, 'lookup_key', known.lookup_key))
    ) from private.stripe_prices as known
    where known.version < version and known.lookup_key is not null and (
      known.price_id = received ->> 'id' and known.lookup_key is distinct from received ->> 'lookup_key'
      or known.price_id <> received ->> 'id' and known.lookup_key = received ->> 'lookup_key'
    )
    having count(*) > 0;
    update private.stripe_prices as known set lookup_key = null
    where known.lookup_key = received ->> 'lookup_key' and known.price_id <> received ->> 'id' and known.version < version;
    insert into private.stripe_prices as known (
      price_id, product_id, lookup_key, active, currency, amount, "interval", interval_count, trial_days, name,
      description, features, limits, named_plan, named_tier, offered, version
    )
    values (
      received ->> 'id', received ->> 'product_id', received ->> 'lookup_key', (received ->> 'active')::boolean,
      received ->> 'currency', (received ->> 'amount')::bigint, received ->> 'interval',
      (received ->> 'interval_count')::int, (received ->> 'trial_days')::int, received ->> 'name',
      received ->> 'description', received -> 'features', received -> 'limits', received ->> 'plan', received ->> 'tier',
      (received ->> 'offered')::boolean, version
    )
    on conflict (price_id) do update set
      product_id = excluded.product_id, lookup_key = excluded.lookup_key, active = excluded.active,
      currency = excluded.currency, amount = excluded.amount, "interval" = excluded."interval",
      interval_count = excluded.interval_count, trial_days = excluded.trial_days, name = excluded.name,
      description = excluded.description, features = excluded.features, limits = excluded.limits,
      named_plan = excluded.named_plan, named_tier = excluded.named_tier, offered = excluded.offered,
      version = excluded.version
      where known.version < excluded.version;
    changed := changed || (received ->> 'id');
  end loop;
  update public.plans as listed set price_id = listed.price_id
  where listed.price_id = any (changed) or listed.current_price_id = any (changed) or exists (
    select from private.stripe_prices as known
    where known.price_id = any (changed) and known.lookup_key = listed.lookup_key
  );
  for price in
    select known.* from private.stripe_prices as known where known.price_id = any (changed) order by known.price_id
  loop
    perform private.list_price(price);
  end loop;
  perform private.finish_stripe_event(event_id, 'applied');
  return jsonb_build_object('outcome', 'applied', 'findings', '[]'::jsonb);
end
$$;
comment on function public.apply_stripe_prices(bigint, jsonb, text, text[]) is
  'Keeps prices and `plans` in step with Stripe; only a higher version changes a price.';

-- The prices of Stripe's list are all known now: what was not in it is there no more.
create function public.retire_stripe_prices(first_version bigint) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select public.apply_stripe_prices(nextval('private.stripe_versions'), '[]', null, array(
    select known.price_id from private.stripe_prices as known
    where known.version > 0 and known.version < first_version and known.active
  ))
$$;
comment on function public.retire_stripe_prices(bigint) is 'Marks prices below this version as no longer sold.';

-- sql/billing/billing_customers.sql

-- Who is who at Stripe. A user may have several customers there: made by us, by hand, or before a copy was restored.

create table private.stripe_customers (
  user_id uuid not null references private.users (id) on delete cascade,
  customer_id text primary key check (char_length(customer_id) between 1 and 255),
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  email_stale boolean not null default false
);
comment on table private.stripe_customers is 'Users'' customers at Stripe.';
comment on column private.stripe_customers.customer_id is 'cus_...; one user''s alone.';
comment on column private.stripe_customers.deleted_at is 'When it was found to be deleted at Stripe.';
comment on column private.stripe_customers.email_stale is
  'The user''s address has changed, and Stripe, which sends receipts to it, does not know yet.';

-- A user's customers; it serves the foreign key too.
create index stripe_customers_user_id_idx on private.stripe_customers (user_id, created_at);

-- Whose address Stripe is to be given.
create index stripe_customers_email_stale_idx on private.stripe_customers (created_at) where email_stale;

-- Stripe sends its receipts to the customer's address, which follows the user's. A later address that the user gives at
-- Stripe itself stays until the one here changes again.
create function private.mark_email_stale() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update private.stripe_customers as known set email_stale = true
  where known.user_id = new.id and known.deleted_at is null and not known.email_stale;
  return null;
end
$$;
comment on function private.mark_email_stale() is 'Trigger: the user''s customers at Stripe have an old address.';

create trigger mark_email_stale after update of email on private.users
  for each row when (old.email is distinct from new.email) execute function private.mark_email_stale();

-- The longest known first; of one user or of all.
create function public.list_stale_customers(number int, user_id uuid default null) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('customer_id', stale.customer_id, 'email', stale.email)), '[]')
  from (
    select known.customer_id, private.email_of(known.user_id) as email from private.stripe_customers as known
    where known.email_stale and known.deleted_at is null
      and (list_stale_customers.user_id is null or known.user_id = list_stale_customers.user_id)
    order by known.created_at, known.customer_id limit number
  ) as stale
$$;
comment on function public.list_stale_customers(int, uuid) is 'Customers whose address is old at Stripe, and the new one.';

-- Only if it is still the user's: another change meanwhile stays to be done.
create function public.mark_customer_current(customer_id text, email text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_customers as known set email_stale = false
  where known.customer_id = mark_customer_current.customer_id
    and private.email_of(known.user_id) = mark_customer_current.email
$$;
comment on function public.mark_customer_current(text, text) is 'Stripe has been given this address of a customer.';

-- The first that is not deleted: what is bought is bought with it.
create function private.customer_of(profile uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select known.customer_id from private.stripe_customers as known
  where known.user_id = profile and known.deleted_at is null
  order by known.created_at, known.customer_id limit 1
$$;
comment on function private.customer_of(uuid) is 'The customer at Stripe with which a user buys, if there is one.';

-- What a handler needs to know of a user who wants to pay, and of the plan to be paid for.
create function public.get_billing_account(
  user_id uuid, plan text default null, currency text default null, "interval" text default null
) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'email', private.email_of(account.id),
    'customer_id', private.customer_of(account.id),
    'customers', array(
      select known.customer_id from private.stripe_customers as known
      where known.user_id = account.id and known.deleted_at is null order by known.created_at, known.customer_id
    ),
    -- Part of the idempotency key, so that the next customer after a deleted one is a new one.
    'generation', (
      select count(*) from private.stripe_customers as known
      where known.user_id = account.id and known.deleted_at is not null
    ),
    'price_id', sold.price_id, 'lookup_key', sold.lookup_key, 'trial_days', sold.trial_days,
    'email_stale', exists (
      select from private.stripe_customers as known
      where known.user_id = account.id and known.email_stale and known.deleted_at is null
    ),
    'has_subscribed', exists (select from public.subscriptions as own where own.user_id = account.id),
    'live_subscriptions', array(
      select own.stripe_id from public.subscriptions as own
      where own.user_id = account.id and own.status not in ('canceled', 'incomplete_expired')
      order by own.created_at desc, own.stripe_id
    )
  )
  from private.users as account
  left join lateral (
    select offer.price_id, offer.lookup_key, offer.trial_days
    from public.plans as offer, lateral (
      select first.currency, first."interval", first.interval_count from public.plans as first
      where first.plan = offer.plan and first.offered order by first.created_at, first.id limit 1
    ) as usual
    where offer.plan = get_billing_account.plan and offer.offered
      and coalesce(offer.currency = get_billing_account.currency, get_billing_account.currency is null)
      and coalesce(offer."interval" = get_billing_account."interval", get_billing_account."interval" is null)
    -- Without a wish, what the plan was first sold for; of that the newest price that Stripe still sells.
    order by
      offer.available desc,
      (offer.currency, offer."interval", offer.interval_count)
        is not distinct from (usual.currency, usual."interval", usual.interval_count) desc,
      offer.created_at desc, offer.id
    limit 1
  ) as sold on true
  where account.id = get_billing_account.user_id
$$;
comment on function public.get_billing_account(uuid, text, text, text) is
  'Address, customers, subscriptions, and the price at which a plan is sold; null if there is no such user.';

-- The user's row is locked: of two customers made at once, both calls answer the same one.
create function public.link_stripe_customer(user_id uuid, customer_id text) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform from private.users where users.id = link_stripe_customer.user_id for no key update;
  insert into private.stripe_customers as known (user_id, customer_id)
  values (link_stripe_customer.user_id, link_stripe_customer.customer_id)
  on conflict (customer_id) do nothing;
  if exists (
    select from private.stripe_customers as known
    where known.customer_id = link_stripe_customer.customer_id and known.user_id <> link_stripe_customer.user_id
  ) then
    raise unique_violation using message = 'The customer is another user''s.';
  end if;
  return private.customer_of(link_stripe_customer.user_id);
end
$$;
comment on function public.link_stripe_customer(uuid, text) is
  'Links a customer to a user; the one with which the user buys.';

-- It was deleted at Stripe: the next one is made with another idempotency key.
create function public.unlink_stripe_customer(customer_id text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_customers as known set deleted_at = now()
  where known.customer_id = unlink_stripe_customer.customer_id and known.deleted_at is null
$$;
comment on function public.unlink_stripe_customer(text) is 'Marks a customer as deleted at Stripe.';

-- A customer as it is at Stripe now: {"id", "user_id" (as its metadata says, or null), "deleted", "livemode"}.
create function public.apply_stripe_customer(event_id text, customer jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  profile uuid;
  outcome text := 'unchanged';
begin
  if not private.is_own_account(null, (customer ->> 'livemode')::boolean) then
    return jsonb_build_object('outcome', 'wrong_account', 'findings', '[]'::jsonb);
  elsif (customer ->> 'deleted')::boolean then
    perform public.unlink_stripe_customer(customer ->> 'id');
    outcome := 'applied';
  else
    select users.id into profile from private.users
    where users.id = (customer ->> 'user_id')::uuid
      and not exists (select from private.stripe_customers as known where known.customer_id = customer ->> 'id')
    for key share;
    if profile is not null then
      perform public.link_stripe_customer(profile, customer ->> 'id');
      outcome := 'applied';
    end if;
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object('outcome', outcome, 'findings', '[]'::jsonb);
end
$$;
comment on function public.apply_stripe_customer(text, jsonb) is 'Keeps who is who in step with Stripe.';

-- A payment went back, or is contested: an operator decides what follows.
create function public.apply_stripe_charge(event_id text, kind text, charge jsonb) returns jsonb
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

-- sql/billing/invoices.sql

-- What users were asked to pay, and what they paid, as Stripe says. Drafts are nobody's yet: Stripe may change or delete them.

create table public.invoices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  stripe_id text not null unique constraint invoices_stripe_id_length check (char_length(stripe_id) between 1 and 255),
  subscription_id text
    constraint invoices_subscription_id_length check (char_length(subscription_id) between 1 and 255),
  number text constraint invoices_number_length check (char_length(number) <= 255),
  status text not null constraint invoices_status_choices check (status in ('open', 'paid', 'uncollectible', 'void')),
  currency text not null constraint invoices_currency_format check (currency ~ '^[a-z]{3}$'),
  amount_due bigint not null,
  amount_paid bigint not null,
  amount_remaining bigint not null,
  period_start timestamptz,
  period_end timestamptz,
  hosted_invoice_url text
    constraint invoices_hosted_invoice_url_format check (hosted_invoice_url ~ '^https?://')
    constraint invoices_hosted_invoice_url_length check (char_length(hosted_invoice_url) <= 2048),
  invoice_pdf text
    constraint invoices_invoice_pdf_format check (invoice_pdf ~ '^https?://')
    constraint invoices_invoice_pdf_length check (char_length(invoice_pdf) <= 2048),
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

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint invoices_stripe_id_length on public.invoices is 'Stripe ID must have 1 to 255 characters.';
comment on constraint invoices_subscription_id_length on public.invoices is 'Subscription ID must have 1 to 255 characters.';
comment on constraint invoices_number_length on public.invoices is 'Number must have 255 characters at most.';
comment on constraint invoices_status_choices on public.invoices is 'Status must be open, paid, uncollectible or void.';
comment on constraint invoices_currency_format on public.invoices is
  'A currency is its ISO 4217 code in lower case, such as eur.';
comment on constraint invoices_hosted_invoice_url_format on public.invoices is
  'A web address that begins with http:// or https://.';
comment on constraint invoices_hosted_invoice_url_length on public.invoices is
  'Hosted invoice URL must have 2,048 characters at most.';
comment on constraint invoices_invoice_pdf_format on public.invoices is
  'A web address that begins with http:// or https://.';
comment on constraint invoices_invoice_pdf_length on public.invoices is 'Invoice PDF must have 2,048 characters at most.';

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

-- sql/billing/subscription_terms.sql

-- What a subscription costs and how often, and its trial: what a user agreed to, whatever becomes of the price.

-- `received`: {"id", "price": {"amount", "currency", "interval", "interval_count"}, "trial_end"}.
create function private.store_subscription_terms(received jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update public.subscriptions as own set
    price_amount = (received #>> '{price,amount}')::bigint,
    price_currency = received #>> '{price,currency}',
    price_interval = received #>> '{price,interval}',
    price_interval_count = (received #>> '{price,interval_count}')::int,
    trial_end = to_timestamp((received ->> 'trial_end')::double precision)
  where own.stripe_id = received ->> 'id'
$$;
comment on function private.store_subscription_terms(jsonb) is 'Stores price, interval and trial of a subscription.';

-- sql/billing/billing_emails.sql

-- The e-mails that follow from what changed of a subscription, whichever event or reconciliation showed it. Those that
-- follow from an event alone (a renewal, a failed payment) are decided in functions/showcase/billing/emails.py.

create function private.is_live(status text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
$$;
comment on function private.is_live(text) is 'Whether a subscription of this status is one that its user has.';

-- What happened long before it was first seen here is no news.
create function private.queue_subscription_emails(
  before public.subscriptions, after public.subscriptions, version bigint, event_id text, mailed jsonb
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  news constant timestamptz := now() - interval '7 days';
  plan constant jsonb := jsonb_build_object('plan', after.plan);
  was_ending constant timestamptz := case when private.is_live(before.status) then before.cancel_at end;
begin
  if after.status in ('trialing', 'active') and after.created_at > news then
    perform private.queue_notification(after.user_id, 'subscription_started', after.stripe_id, plan || jsonb_strip_nulls(
      coalesce(mailed -> 'price', '{}') || jsonb_build_object(
        'trial_end', case when after.status = 'trialing' then mailed -> 'trial_end' end,
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

-- sql/billing/billing_tiers.sql

-- Which subscriptions give the tier that they are of: the table that docs/billing.md explains.

create function private.subscription_pays(status text, grace_until timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case status
    when 'active' then true
    when 'trialing' then true
    when 'past_due' then coalesce(grace_until > now(), false)
    else false -- incomplete, incomplete_expired, unpaid, paused, canceled
  end
$$;
comment on function private.subscription_pays(text, timestamptz) is 'Whether a subscription of this status gives its tier.';

-- Derived from all of a user's subscriptions, never moved up or down by one event. The caller holds the lock of the
-- user's row. The tier of each subscription follows too: time ends a grace.
create function private.refresh_tier(profile uuid) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  derived text;
begin
  update public.subscriptions as own set tier = given.tier
  from (
    select sold.id, case
      when private.subscription_pays(sold.status, sold.grace_until) then known.sold_tier else 'free'
    end as tier
    from public.subscriptions as sold join private.stripe_subscriptions as known on known.stripe_id = sold.stripe_id
    where sold.user_id = profile
  ) as given
  where own.id = given.id and own.tier <> given.tier;
  derived := case
    when exists (
      select from public.subscriptions as own
      where own.user_id = profile and own.tier = 'paid' and private.subscription_pays(own.status, own.grace_until)
    ) then 'paid'
    else 'free'
  end;
  update private.users set tier = derived where id = profile and users.tier <> derived;
  return derived;
end
$$;
comment on function private.refresh_tier(uuid) is
  'Sets the tiers of a user and of their subscriptions to what these give now; the user''s.';

-- Time ends a grace without any event. How many users it took the tier from.
create function public.end_grace() returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  profile uuid;
  ended int := 0;
begin
  for profile in
    select users.id from private.users
    where users.tier = 'paid' and exists (
      select from public.subscriptions as own
      where own.user_id = users.id and own.status = 'past_due' and own.grace_until <= now()
    )
    order by users.id for no key update
  loop
    if private.refresh_tier(profile) = 'free' then
      ended := ended + 1;
    end if;
  end loop;
  return ended;
end
$$;
comment on function public.end_grace() is 'Takes the tier from whose grace is over; how many those were.';

-- sql/billing/billing_subscriptions.sql

-- A subscription as it is at Stripe, applied: the row, the tier, the e-mails and the event, together or not at all.

-- Whose it is: as we know it already, else whose customer it is, else whom we wrote into its metadata.
create function private.owner_of_subscription(received jsonb) returns uuid
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(
    (select own.user_id from public.subscriptions as own where own.stripe_id = received ->> 'id'),
    (select known.user_id from private.stripe_customers as known where known.customer_id = received ->> 'customer_id'),
    (select users.id from private.users where users.id = (received ->> 'user_id')::uuid)
  )
$$;
comment on function private.owner_of_subscription(jsonb) is 'The user whose subscription it is; null if nothing says so.';

-- The row as it was (null if there was none), and as it is now; only a higher version changes it. The caller holds the
-- lock of the owner's row.
create function private.store_subscription(
  version bigint, received jsonb, owner uuid, grace_seconds int,
  out before public.subscriptions, out after public.subscriptions, out applied boolean
)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  meaning record;
begin
  select * into before from public.subscriptions as own where own.stripe_id = received ->> 'id';
  applied := version > coalesce(
    (select known.version from private.stripe_subscriptions as known where known.stripe_id = received ->> 'id'), -1
  );
  after := before;
  if not applied then
    return;
  end if;
  select * into meaning from private.plan_of(received -> 'items');
  after.user_id := coalesce(before.user_id, owner);
  after.stripe_id := received ->> 'id';
  after.status := received ->> 'status';
  after.plan := meaning.plan;
  after.price_id := meaning.price_id;
  after.current_period_end := to_timestamp((received ->> 'current_period_end')::double precision);
  after.cancel_at := to_timestamp((received ->> 'cancel_at')::double precision);
  after.past_due_since := case when after.status = 'past_due' then
    -- The next invoice that is not paid either does not begin another grace.
    least(before.past_due_since, coalesce(to_timestamp((received ->> 'past_due_since')::double precision), now()))
  end;
  after.grace_until := after.past_due_since + make_interval(secs => grace_seconds);
  after.tier := case
    when private.subscription_pays(after.status, after.grace_until) then meaning.tier else 'free'
  end;
  if before.id is null then
    after.id := gen_random_uuid();
    after.created_at := coalesce(to_timestamp((received ->> 'created')::double precision), now());
    insert into public.subscriptions select after.*;
  else
    update public.subscriptions as own set
      status = after.status, plan = after.plan, current_period_end = after.current_period_end, tier = after.tier,
      price_id = after.price_id, cancel_at = after.cancel_at, past_due_since = after.past_due_since,
      grace_until = after.grace_until
    where own.id = before.id;
  end if;
  insert into private.stripe_subscriptions as known (stripe_id, customer_id, sold_tier, version)
  values (after.stripe_id, received ->> 'customer_id', meaning.tier, version)
  on conflict (stripe_id) do update set
    customer_id = coalesce(excluded.customer_id, known.customer_id), sold_tier = excluded.sold_tier,
    version = excluded.version;
end
$$;
comment on function private.store_subscription(bigint, jsonb, uuid, int) is
  'The row before and after, and whether the version was high enough to change it.';

-- What the row does not say but an operator should know, if it is new.
create function private.find_in_subscription(received jsonb, owner uuid) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live constant boolean := received ->> 'status' not in ('canceled', 'incomplete_expired');
  meaning record;
  findings jsonb := '[]';
  price text;
begin
  if owner is null then
    -- An ended one is what is left of a deleted account.
    return case when live then private.note_finding('unknown_user', received ->> 'id', received) else findings end;
  end if;
  perform private.resolve_findings('unknown_user', array[received ->> 'id']);
  select * into meaning from private.plan_of(received -> 'items');
  if live then
    foreach price in array meaning.unknown_prices loop
      findings := findings
        || private.note_finding('unknown_price', price, jsonb_build_object('subscription', received ->> 'id'));
    end loop;
    foreach price in array meaning.off_sale_prices loop
      findings := findings || private.note_finding(
        'price_off_sale', price, jsonb_build_object('subscription', received ->> 'id', 'plan', meaning.plan)
      );
    end loop;
  end if;
  perform
    private.resolve_findings('unknown_price', array_agg(item ->> 'price_id')
      filter (where item ->> 'price_id' <> all (meaning.unknown_prices))),
    private.resolve_findings('price_off_sale', array_agg(item ->> 'price_id')
      filter (where item ->> 'price_id' <> all (meaning.off_sale_prices)))
  from jsonb_array_elements(received -> 'items') as item;
  if 1 < (
    select count(*) from public.subscriptions as own
    where own.user_id = owner and own.status in ('active', 'trialing', 'past_due', 'unpaid', 'paused')
  ) then
    return findings || private.note_finding('several_subscriptions', owner::text, '{}');
  end if;
  perform private.resolve_findings('several_subscriptions', array[owner::text]);
  return findings;
end
$$;
comment on function private.find_in_subscription(jsonb, uuid) is
  'Notes prices that are unknown or left `plans`, unknown users, and several subscriptions.';

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since", "livemode"} with times in seconds since 1970, and "price", "trial_end", "invoices" (see
-- store_stripe_invoices).
-- `emails`: [{"type", "dedupe_key", "payload"}], decided from what Stripe said, and queued at any version, once for each key.
create function public.apply_stripe_subscription(
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

create function private.changes_of(before public.subscriptions, after public.subscriptions) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when before.id is null and after.id is not null then '["created"]'
    else coalesce((
      select jsonb_agg(field.key order by field.key) from jsonb_each(to_jsonb(after)) as field
      where field.value is distinct from to_jsonb(before) -> field.key
    ), '[]')
  end
$$;
comment on function private.changes_of(public.subscriptions, public.subscriptions) is 'The columns that differ, or `created`.';

-- sql/billing/billing_reconciliation.sql

-- Reconciliation goes through all subscriptions, at Stripe and here, and finds what no event reported. One cursor, resumed
-- where the last run stopped.

create table private.reconciliation_cursor (
  id boolean primary key default true check (id),
  phase text not null default 'subscriptions' check (phase in ('subscriptions', 'missing')),
  reached text,
  first_version bigint not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  cancellations_accepted_at timestamptz
);
comment on table private.reconciliation_cursor is 'How far reconciliation has come; one row.';
comment on column private.reconciliation_cursor.phase is 'Stripe''s list, or ours that it did not show to be live.';
comment on column private.reconciliation_cursor.reached is
  'The last subscription of the last page; null at the beginning of a phase.';
comment on column private.reconciliation_cursor.first_version is 'What has a lower one was not seen this time.';
comment on column private.reconciliation_cursor.cancellations_accepted_at is
  'When an operator let it end as many subscriptions as Stripe says.';

-- As it stands, restarted if the last one is finished, and the version for the first page.
create function public.begin_reconciliation(restart boolean default false, accept_cancellations boolean default false)
returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  version constant bigint := nextval('private.stripe_versions');
  cursor_row private.reconciliation_cursor;
begin
  insert into private.reconciliation_cursor as last (first_version) values (version)
  on conflict (id) do update
    set phase = 'subscriptions', reached = null, first_version = version, started_at = now(), finished_at = null,
      cancellations_accepted_at = null
    where last.finished_at is not null or restart;
  update private.reconciliation_cursor as c set cancellations_accepted_at = now() where c.id and accept_cancellations;
  select * into cursor_row from private.reconciliation_cursor;
  return jsonb_build_object('phase', cursor_row.phase, 'reached', cursor_row.reached, 'version', version);
end
$$;
comment on function public.begin_reconciliation(boolean, boolean) is 'phase, reached and a version for the first page.';

-- A live subscription of ours that Stripe says has ended: no event reported it. Those are put aside until all are known,
-- since a key of another account, or a program gone wrong, would end too many.
create function private.is_unreported_end(received jsonb) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select received ->> 'status' in ('canceled', 'incomplete_expired') and exists (
    select from public.subscriptions as own
    where own.stripe_id = received ->> 'id' and own.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
  )
$$;
comment on function private.is_unreported_end(jsonb) is 'Whether applying it would end a live subscription.';

-- A page of Stripe's subscriptions, fetched after `version` was drawn: what it says is applied, and the cursor moved from
-- `reached` to `reaches` (null after the last page), together or not at all. Users' rows are locked in one order and one
-- page at a time, so that no two wait for each other. What cannot be applied does not hold up the others.
create function public.reconcile_stripe_page(
  version bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_variable
declare
  cursor_row private.reconciliation_cursor;
  received jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into cursor_row from private.reconciliation_cursor for update;
  if cursor_row.phase <> 'subscriptions' or cursor_row.reached is distinct from reached
    or cursor_row.finished_at is not null then
    return jsonb_build_object('state', 'overtaken');
  elsif exists (
    select from jsonb_array_elements(subscriptions) as one
    where not private.is_own_account(null, (one ->> 'livemode')::boolean)
  ) then
    return jsonb_build_object('state', 'wrong_account');
  end if;
  for received in
    select value from jsonb_array_elements(subscriptions)
    where cursor_row.cancellations_accepted_at is not null or not private.is_unreported_end(value)
    order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(version, received, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', received ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', received ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  -- A hosted project refuses an update without a where, although there is one row.
  update private.reconciliation_cursor as c set
    reached = reaches, phase = case when reaches is null then 'missing' else 'subscriptions' end
  where c.id;
  return jsonb_build_object(
    'state', 'applied', 'repaired', repaired, 'findings', findings, 'failed', failed,
    'version', nextval('private.stripe_versions')
  );
end
$$;
comment on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) is
  'What was repaired, found or failed, and the version for the next page; or overtaken, or wrong_account.';

-- Ours that are live and that this reconciliation has not seen to be so.
create function private.missing_subscriptions() returns table (stripe_id text, status text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select own.stripe_id, own.status
  from private.reconciliation_cursor as c
  cross join public.subscriptions as own
  left join private.stripe_subscriptions as known on known.stripe_id = own.stripe_id
  where coalesce(known.version, 0) < c.first_version and own.status not in ('canceled', 'incomplete_expired')
$$;
comment on function private.missing_subscriptions() is 'Live subscriptions that reconciliation has not seen to be live.';

-- Each is to be fetched by itself, with a version drawn before.
create function public.list_missing_subscriptions(after text, number int) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(listed.stripe_id order by listed.stripe_id), '[]') from (
    select missing.stripe_id from private.missing_subscriptions() as missing
    where missing.stripe_id > coalesce(list_missing_subscriptions.after, '')
    order by missing.stripe_id limit number
  ) as listed
$$;
comment on function public.list_missing_subscriptions(text, int) is 'Ids of live subscriptions that were not seen.';

-- How many would end now, against how many may: the larger one of a number and of a share of all that are live.
create function public.check_cancellations(at_least int, share double precision) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  live constant bigint := (
    select count(*) from public.subscriptions as own
    where own.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
  );
  ending constant bigint := (
    select count(*) from private.missing_subscriptions() as missing where missing.status <> 'incomplete'
  );
  allowed constant bigint := greatest(at_least, floor(share * live));
begin
  if ending <= allowed
    or exists (select from private.reconciliation_cursor as c where c.cancellations_accepted_at is not null) then
    return jsonb_build_object('allowed', true, 'findings', '[]'::jsonb);
  end if;
  return jsonb_build_object('allowed', false, 'findings', private.note_finding(
    'mass_cancellation', 'reconciliation', jsonb_build_object('ending', ending, 'live', live, 'allowed', allowed)
  ));
end
$$;
comment on function public.check_cancellations(int, double precision) is
  'Whether reconciliation may end what it has put aside; notes mass_cancellation where it may not.';

create function public.next_stripe_version() returns bigint
language sql set search_path = pg_catalog, pg_temp as $$
  select nextval('private.stripe_versions')
$$;
comment on function public.next_stripe_version() is 'To be drawn before Stripe is asked.';

-- The next run begins another one. One that was stopped begins again too, so that all but the ends go on being repaired.
create function public.finish_reconciliation(completed boolean default true) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update private.reconciliation_cursor as c set finished_at = now() where c.phase = 'missing' or not completed;
  if completed then
    update private.billing_findings as finding set resolved_at = now()
    where finding.kind in ('wrong_stripe_account', 'mass_cancellation') and finding.resolved_at is null;
  end if;
end
$$;
comment on function public.finish_reconciliation(boolean) is 'Ends a reconciliation, completed or stopped.';

-- Events that failed and that are not leased, the longest untouched first.
create function public.list_failed_stripe_events(number int) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(
    jsonb_build_object('id', failed.id, 'type', failed.type, 'reference', failed.reference) order by failed.attempted_at
  ), '[]')
  from (
    select event.* from private.stripe_events as event
    where event.processed_at is null and coalesce(event.leased_until <= now(), true)
    order by event.attempted_at limit number
  ) as failed
$$;
comment on function public.list_failed_stripe_events(int) is 'Events to be tried again: id, type and reference.';

-- Once an hour, which is also how late the end of a grace may be.
insert into private.cron_jobs (name, schedule, path) values ('reconcileSubscriptions', '17 * * * *', 'reconcileSubscriptions');

-- sql/billing/my_plan.sql

-- What a user has: tier, plan, price, dates, the next step, limits and use, in one call.

-- What the trigger that refuses more was made with: the one place of the number.
create function private.row_limit(relation regclass) returns int
language sql stable set search_path = pg_catalog, pg_temp as $$
  select split_part(encode(guard.tgargs, 'escape'), '\000', 2)::int from pg_trigger as guard
  where guard.tgrelid = relation and guard.tgname = 'limit_rows'
$$;
comment on function private.row_limit(regclass) is 'How many rows of a table a user may have.';

-- Definer, because what is counted a day and exported is read by handlers alone; of the caller's rows only.
create function private.own_usage() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'projects', jsonb_build_object(
      'used', (select count(*) from public.projects as own where own.user_id = profile.id),
      'max', private.row_limit('public.projects')
    ),
    'layouts', jsonb_build_object(
      'used', (select count(*) from public.layouts as own where own.user_id = profile.id),
      'max', private.row_limit('public.layouts')
    ),
    'images', jsonb_build_object('used', (
      select count(*) from public.project_images as image
      join public.projects as own on own.id = image.project_id and own.user_id = profile.id
    )),
    'videos', jsonb_build_object('used', (
      select count(*) from public.project_videos as video
      join public.projects as own on own.id = video.project_id and own.user_id = profile.id
    )),
    'designs', jsonb_build_object(
      'used', coalesce(today.used, 0),
      'max', allowed.designs_per_day,
      -- Failed ones are given back, but cost money: beyond four times as many there is none today.
      'left', case
        when today.attempts >= 4 * allowed.designs_per_day then 0
        else greatest(allowed.designs_per_day - coalesce(today.used, 0), 0)
      end,
      'resets_at', (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    ),
    'exports', jsonb_build_object(
      'running', coalesce(export.finished_at is null and export.id is not null, false),
      'ready_until', case when export.finished_at is not null then export.expires_at end
    ),
    'storage', public.get_storage_usage()
  )
  from private.users as profile
  join public.tier_limits as allowed on allowed.tier = profile.tier
  left join private.design_usage as today
    on today.user_id = profile.id and today.day = (now() at time zone 'utc')::date
  left join lateral (
    select latest.id, latest.finished_at, latest.expires_at from private.account_exports as latest
    where latest.user_id = profile.id and latest.expires_at > now() order by latest.started_at desc limit 1
  ) as export on true
  where profile.id = (select auth.uid())
$$;
comment on function private.own_usage() is 'What the caller uses, and how much there is of it.';

-- The subscription is the one that gives the tier, else the newest that is live, else the newest.
create function public.get_my_plan() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'tier', profile.tier,
    'plan', own.plan,
    'status', own.status,
    'price', case when own.price_amount is not null then jsonb_build_object(
      'amount', own.price_amount, 'currency', own.price_currency,
      'interval', own.price_interval, 'interval_count', own.price_interval_count
    ) end,
    'renews_at', case
      when own.status in ('trialing', 'active', 'past_due') and own.cancel_at is null then own.current_period_end
    end,
    'ends_at', own.cancel_at,
    'trial_end', case when own.status = 'trialing' then own.trial_end end,
    'grace_until', own.grace_until,
    'next_step', case
      when own.status in ('past_due', 'unpaid') then 'update_payment_method'
      when own.status = 'incomplete' then 'complete_payment'
      when own.status = 'paused' then 'add_payment_method'
      when own.status in ('trialing', 'active') then 'none'
      else 'choose_plan'
    end,
    'pay_url', (
      select invoice.hosted_invoice_url from public.invoices as invoice
      where invoice.user_id = profile.id and invoice.status = 'open' and invoice.amount_remaining > 0
      order by invoice.created_at desc limit 1
    ),
    'use', private.own_usage()
  )
  from private.users as profile
  left join lateral (
    select * from public.subscriptions as one where one.user_id = profile.id
    order by
      one.tier = 'paid' and one.status in ('trialing', 'active', 'past_due') desc,
      one.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') desc,
      one.created_at desc
    limit 1
  ) as own on true
  where profile.id = (select auth.uid())
$$;
comment on function public.get_my_plan() is
  'What the caller has: tier, plan, price, status, dates, the next step, limits and use; see docs/billing.md.';

-- policies/billing.sql

-- Who may read, write and call what of billing: row-level security, and grants by column where a row mixes public and private.

-- Users see their own; handlers write.
alter table public.subscriptions enable row level security;

create policy "users see their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.subscriptions from anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated;
grant select, insert, update, delete on table public.subscriptions to service_role;

alter table private.stripe_subscriptions enable row level security;

create policy "handlers keep the versions" on private.stripe_subscriptions for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_subscriptions from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_subscriptions to service_role;

-- What is sold is public; handlers keep it.
alter table public.plans enable row level security;

create policy "what is sold is public" on public.plans for select to anon, authenticated
  using (true);

revoke all on table public.plans from anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;
grant insert, update, delete on table public.plans to service_role;

-- Handlers only, and through their RPCs.
alter table private.billing_findings enable row level security;

create policy "handlers keep the findings" on private.billing_findings for all to service_role
  using (true) with check (true);

revoke all on table private.billing_findings from anon, authenticated, service_role;
grant select, insert, update on table private.billing_findings to service_role;

revoke all on function private.note_finding(text, text, jsonb) from public;
revoke all on function private.resolve_findings(text, text[]) from public;
revoke all on function public.count_billing_findings() from public, anon, authenticated, service_role;
grant execute on function private.note_finding(text, text, jsonb) to service_role;
grant execute on function private.resolve_findings(text, text[]) to service_role;
grant execute on function public.count_billing_findings() to service_role;

-- Handlers only, and through their RPCs.
alter table private.stripe_account enable row level security;

create policy "handlers keep the account" on private.stripe_account for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_account from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_account to service_role;

revoke all on function private.is_own_account(text, boolean) from public;
revoke all on function private.remember_account(text, boolean) from public;
revoke all on function public.report_wrong_stripe_account(text, boolean, text)
  from public, anon, authenticated, service_role;
revoke all on function public.check_stripe_account(text, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function private.is_own_account(text, boolean) to service_role;
grant execute on function private.remember_account(text, boolean) to service_role;
grant execute on function public.report_wrong_stripe_account(text, boolean, text) to service_role;
grant execute on function public.check_stripe_account(text, boolean, boolean) to service_role;

-- Handlers only, and through their RPCs.
alter table private.stripe_events enable row level security;

create policy "handlers keep the ledger" on private.stripe_events for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_events from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_events to service_role;
revoke all on sequence private.stripe_versions from anon, authenticated, service_role;
grant usage on sequence private.stripe_versions to service_role;

revoke all on function public.record_stripe_event(text, text, jsonb, int) from public, anon, authenticated, service_role;
revoke all on function public.fail_stripe_event(text, bigint, text) from public, anon, authenticated, service_role;
revoke all on function private.finish_stripe_event(text, text) from public;
grant execute on function public.record_stripe_event(text, text, jsonb, int) to service_role;
grant execute on function public.fail_stripe_event(text, bigint, text) to service_role;
grant execute on function private.finish_stripe_event(text, text) to service_role;

-- Handlers only, and through their RPCs; an operator may correct what a price was sold as.
alter table private.stripe_prices enable row level security;

create policy "handlers keep the prices" on private.stripe_prices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_prices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_prices to service_role;

revoke all on function private.names_plan(public.plans) from public;
revoke all on function private.plans_of_items(jsonb) from public;
revoke all on function private.plan_of(jsonb) from public;
revoke all on function private.remember_prices(jsonb) from public;
revoke all on function private.show_price() from public;
revoke all on function private.remember_plan() from public;
revoke all on function private.list_price(private.stripe_prices) from public;
revoke all on function public.apply_stripe_prices(bigint, jsonb, text, text[])
  from public, anon, authenticated, service_role;
revoke all on function public.retire_stripe_prices(bigint) from public, anon, authenticated, service_role;
grant execute on function private.names_plan(public.plans) to service_role;
grant execute on function private.show_price() to service_role;
grant execute on function private.remember_plan() to service_role;
grant execute on function private.list_price(private.stripe_prices) to service_role;
grant execute on function public.apply_stripe_prices(bigint, jsonb, text, text[]) to service_role;
grant execute on function public.retire_stripe_prices(bigint) to service_role;
grant execute on function private.plans_of_items(jsonb) to service_role;
grant execute on function private.plan_of(jsonb) to service_role;
grant execute on function private.remember_prices(jsonb) to service_role;

-- Handlers only, and through their RPCs.
alter table private.stripe_customers enable row level security;

create policy "handlers keep the customers" on private.stripe_customers for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_customers from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_customers to service_role;

revoke all on function private.customer_of(uuid) from public;
revoke all on function public.get_billing_account(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke all on function public.link_stripe_customer(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.unlink_stripe_customer(text) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_customer(text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_charge(text, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.mark_email_stale() from public;
revoke all on function public.list_stale_customers(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.mark_customer_current(text, text) from public, anon, authenticated, service_role;
grant execute on function public.list_stale_customers(int, uuid) to service_role;
grant execute on function public.mark_customer_current(text, text) to service_role;
grant execute on function private.customer_of(uuid) to service_role;
grant execute on function public.get_billing_account(uuid, text, text, text) to service_role;
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
grant execute on function public.unlink_stripe_customer(text) to service_role;
grant execute on function public.apply_stripe_customer(text, jsonb) to service_role;
grant execute on function public.apply_stripe_charge(text, text, jsonb) to service_role;

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

-- Part of what handlers apply.
revoke all on function private.store_subscription_terms(jsonb) from public;
grant execute on function private.store_subscription_terms(jsonb) to service_role;

-- Part of what handlers apply.
revoke all on function private.is_live(text) from public;
revoke all on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) from public;
grant execute on function private.is_live(text) to service_role;
grant execute on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) to service_role;

-- Handlers only.
revoke all on function private.subscription_pays(text, timestamptz) from public;
revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.subscription_pays(text, timestamptz) to service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;

-- Handlers only.
revoke all on function private.owner_of_subscription(jsonb) from public;
revoke all on function private.store_subscription(bigint, jsonb, uuid, int) from public;
revoke all on function private.find_in_subscription(jsonb, uuid) from public;
revoke all on function private.changes_of(public.subscriptions, public.subscriptions) from public;
revoke all on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.owner_of_subscription(jsonb) to service_role;
grant execute on function private.store_subscription(bigint, jsonb, uuid, int) to service_role;
grant execute on function private.find_in_subscription(jsonb, uuid) to service_role;
grant execute on function private.changes_of(public.subscriptions, public.subscriptions) to service_role;
grant execute on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) to service_role;

-- Handlers only, and through their RPCs.
alter table private.reconciliation_cursor enable row level security;

create policy "handlers keep the cursor" on private.reconciliation_cursor for all to service_role
  using (true) with check (true);

revoke all on table private.reconciliation_cursor from anon, authenticated, service_role;
grant select, insert, update on table private.reconciliation_cursor to service_role;

revoke all on function private.is_unreported_end(jsonb) from public;
revoke all on function private.missing_subscriptions() from public;
revoke all on function public.begin_reconciliation(boolean, boolean) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_stripe_page(bigint, jsonb, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_missing_subscriptions(text, int) from public, anon, authenticated, service_role;
revoke all on function public.check_cancellations(int, double precision) from public, anon, authenticated, service_role;
revoke all on function public.next_stripe_version() from public, anon, authenticated, service_role;
revoke all on function public.finish_reconciliation(boolean) from public, anon, authenticated, service_role;
revoke all on function public.list_failed_stripe_events(int) from public, anon, authenticated, service_role;
grant execute on function private.is_unreported_end(jsonb) to service_role;
grant execute on function private.missing_subscriptions() to service_role;
grant execute on function public.begin_reconciliation(boolean, boolean) to service_role;
grant execute on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) to service_role;
grant execute on function public.list_missing_subscriptions(text, int) to service_role;
grant execute on function public.check_cancellations(int, double precision) to service_role;
grant execute on function public.next_stripe_version() to service_role;
grant execute on function public.finish_reconciliation(boolean) to service_role;
grant execute on function public.list_failed_stripe_events(int) to service_role;

-- For users alone: a visitor has no plan.
revoke all on function private.row_limit(regclass) from public;
revoke all on function private.own_usage() from public;
revoke all on function public.get_my_plan() from public, anon, authenticated, service_role;
grant execute on function private.own_usage() to authenticated;
grant execute on function public.get_my_plan() to authenticated;

reset check_function_bodies;
