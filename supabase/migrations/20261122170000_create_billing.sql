-- What people pay for, kept in step with Stripe: plans, the ledger of events, customers, tiers, reconciliation.

alter table public.subscriptions
  add column tier text not null default 'free' check (tier in ('free', 'paid')),
  add column price_id text check (char_length(price_id) between 1 and 255),
  add column cancel_at timestamptz,
  add column past_due_since timestamptz,
  add column grace_until timestamptz,
  add column applied_ticket bigint not null default 0;
comment on column public.subscriptions.plan is 'Of the table plans; `unknown` where the price is not in it.';
comment on column public.subscriptions.tier is 'The tier that the plan gives while the status does.';
comment on column public.subscriptions.price_id is 'Stripe''s id of the price.';
comment on column public.subscriptions.cancel_at is 'When it will end, or ended.';
comment on column public.subscriptions.past_due_since is 'Since when a payment is owed; null unless past_due.';
comment on column public.subscriptions.grace_until is 'Until then a past_due subscription still gives its tier.';
comment on column public.subscriptions.applied_ticket is 'Of the latest look at Stripe that this row shows.';

-- Whose grace is over, and what reconciliation has not seen yet.
create index subscriptions_grace_until_idx on public.subscriptions (grace_until) where status = 'past_due';
create index subscriptions_applied_ticket_idx on public.subscriptions (applied_ticket)
  where status not in ('canceled', 'incomplete_expired');

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
comment on table public.plans is 'Stripe''s prices: the plan that each is of, and the tier that it gives.';
comment on column public.plans.price_id is 'Stripe''s id of the price (price_...), which differs between environments.';
comment on column public.plans.lookup_key is 'The price''s lookup key, which may be the same in all of them.';
comment on column public.plans.offered is 'Whether it can be bought; people keep what they bought before.';

-- A plan may have had many prices; it is sold at one.
create unique index plans_offered_idx on public.plans (plan) where offered;

-- The plan of a subscription, from its items in Stripe's order ([{"price_id", "lookup_key"}]). What is not in the table
-- is said to be unknown: a plan that is guessed would be given away, or taken from somebody who pays.
create function private.plan_of(items jsonb) returns table (plan text, tier text, price_id text, unknown_prices text[])
language sql stable set search_path = '' as $$
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

-- What is sold is public; handlers keep it.
alter table public.plans enable row level security;

create policy "what is sold is public" on public.plans for select to anon, authenticated
  using (true);

revoke all on table public.plans from anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;
grant insert, update, delete on table public.plans to service_role;

revoke all on function private.plan_of(jsonb) from public;
grant execute on function private.plan_of(jsonb) to service_role;

-- The ledger of Stripe's events. An event is a hint that something changed: kept are its id, what to look at, and which
-- e-mails follow from it; never its body, which holds addresses and parts of card numbers.

-- A ticket is drawn before Stripe is asked, so that the highest ticket has seen all that earlier events announced.
create sequence private.stripe_tickets;

create table private.stripe_events (
  id text primary key check (char_length(id) between 1 and 255),
  type text not null check (char_length(type) between 1 and 255),
  hint jsonb not null,
  ticket bigint not null,
  attempts int not null default 1,
  claimed_until timestamptz,
  attempted_at timestamptz not null default now(),
  processed_at timestamptz,
  outcome text check (char_length(outcome) <= 64),
  error text check (char_length(error) <= 500),
  received_at timestamptz not null default now()
);
comment on table private.stripe_events is 'Stripe''s events, each once, and what became of them.';
comment on column private.stripe_events.hint is 'What to ask Stripe about, and the e-mails that follow.';
comment on column private.stripe_events.ticket is 'Drawn at the latest attempt.';
comment on column private.stripe_events.claimed_until is 'Until then nobody else works on it, unless it fails before.';
comment on column private.stripe_events.error is 'What the latest attempt failed with; null once it is processed.';

-- What reconciliation tries again, the longest untouched first.
create index stripe_events_unprocessed_idx on private.stripe_events (attempted_at) where processed_at is null;

-- Records an event, and claims it with a new ticket unless it is processed or somebody is at it.
create function public.record_stripe_event(event_id text, type text, hint jsonb, claim_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  event private.stripe_events;
  acts constant boolean := record_stripe_event.hint ->> 'look' <> 'nothing';
begin
  insert into private.stripe_events as known (id, type, hint, ticket, claimed_until, processed_at, outcome)
  values (
    event_id, record_stripe_event.type, record_stripe_event.hint, nextval('private.stripe_tickets'),
    case when acts then now() + make_interval(secs => claim_seconds) end,
    case when not acts then now() end,
    case when not acts then 'recorded' end
  )
  on conflict (id) do update set
    ticket = excluded.ticket, attempts = known.attempts + 1, attempted_at = now(), claimed_until = excluded.claimed_until
    where known.processed_at is null and coalesce(known.claimed_until <= now(), true)
  returning * into event;
  if event.id is not null then
    return jsonb_build_object('state', case when acts then 'claimed' else 'processed' end, 'ticket', event.ticket);
  end if;
  select * into event from private.stripe_events as known where known.id = event_id;
  return jsonb_build_object(
    'state', case when event.processed_at is null then 'in_progress' else 'processed' end,
    'seconds', greatest(1, ceil(extract(epoch from event.claimed_until - now())))::int
  );
end
$$;
comment on function public.record_stripe_event(text, text, jsonb, int) is
  'claimed with a ticket; in_progress and for how many seconds; or processed.';

-- Keeps why an attempt failed, and lets the next one in at once.
create function public.fail_stripe_event(event_id text, ticket bigint, error text) returns void
language sql set search_path = '' as $$
  update private.stripe_events as event set error = left(fail_stripe_event.error, 500), claimed_until = null
  where event.id = event_id and event.ticket = fail_stripe_event.ticket and event.processed_at is null
$$;
comment on function public.fail_stripe_event(text, bigint, text) is 'Keeps the error of an attempt and gives up its claim.';

-- Called within the transaction that does what the event led to.
create function private.finish_stripe_event(event_id text, outcome text) returns void
language sql set search_path = '' as $$
  update private.stripe_events as event set
    processed_at = now(), outcome = finish_stripe_event.outcome, error = null, claimed_until = null
  where event.id = event_id and event.processed_at is null
$$;
comment on function private.finish_stripe_event(text, text) is 'Marks an event as processed.';

-- Handlers only, and through their RPCs.
alter table private.stripe_events enable row level security;

create policy "handlers keep the ledger" on private.stripe_events for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_events from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_events to service_role;
revoke all on sequence private.stripe_tickets from anon, authenticated, service_role;
grant usage on sequence private.stripe_tickets to service_role;

revoke all on function public.record_stripe_event(text, text, jsonb, int) from public, anon, authenticated, service_role;
revoke all on function public.fail_stripe_event(text, bigint, text) from public, anon, authenticated, service_role;
revoke all on function private.finish_stripe_event(text, text) from public;
grant execute on function public.record_stripe_event(text, text, jsonb, int) to service_role;
grant execute on function public.fail_stripe_event(text, bigint, text) to service_role;
grant execute on function private.finish_stripe_event(text, text) to service_role;

-- What somebody has to look at: each thing once, however often it is met.

create table private.billing_findings (
  kind text not null check (
    kind in ('unknown_price', 'unknown_user', 'several_subscriptions', 'charge_refunded', 'charge_disputed')
  ),
  subject text not null check (char_length(subject) between 1 and 255),
  details jsonb not null default '{}',
  times int not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (kind, subject)
);
comment on table private.billing_findings is 'Prices nobody named, payments of unknown people, refunds, disputes.';
comment on column private.billing_findings.subject is 'The id at Stripe that it is about; of several_subscriptions, the person''s.';
comment on column private.billing_findings.resolved_at is 'When it was no longer so; it opens again when it is met again.';

-- What it is about, when it was not known to be so: that is to be reported, and no more than that.
create function private.note_finding(kind text, subject text, details jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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
language sql set search_path = '' as $$
  update private.billing_findings as known set resolved_at = now()
  where known.kind = resolve_findings.kind and known.subject = any (subjects) and known.resolved_at is null
$$;
comment on function private.resolve_findings(text, text[]) is 'These are no longer so.';

-- For reports.
create function public.count_billing_findings() returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_object_agg(open.kind, open.number), '{}') from (
    select known.kind, count(*) as number from private.billing_findings as known
    where known.resolved_at is null group by known.kind
  ) as open
$$;
comment on function public.count_billing_findings() is 'How many findings are open, by kind.';

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

-- Who is who at Stripe: one customer for each person.

create table private.stripe_customers (
  user_id uuid primary key references private.users (id) on delete cascade,
  customer_id text unique check (char_length(customer_id) between 1 and 255),
  generation int not null default 0,
  created_at timestamptz not null default now()
);
comment on table private.stripe_customers is 'A person''s customer at Stripe.';
comment on column private.stripe_customers.customer_id is 'cus_...; null once it was deleted there.';
comment on column private.stripe_customers.generation is
  'How many were deleted: part of the idempotency key, so that the next one is a new one.';

-- What a handler needs to know of somebody who wants to pay, and of what they want to pay for.
create function public.get_billing_account(user_id uuid, plan text default null) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'email', private.email_of(person.id), 'customer_id', customer.customer_id,
    'generation', coalesce(customer.generation, 0), 'price_id', sold.price_id, 'lookup_key', sold.lookup_key,
    'live_subscriptions', array(
      select own.stripe_id from public.subscriptions as own
      where own.user_id = person.id and own.status not in ('canceled', 'incomplete_expired')
    )
  )
  from private.users as person
  left join private.stripe_customers as customer on customer.user_id = person.id
  left join public.plans as sold on sold.plan = get_billing_account.plan and sold.offered
  where person.id = get_billing_account.user_id
$$;
comment on function public.get_billing_account(uuid, text) is
  'Address, customer, subscriptions, and the price of a plan that is sold; null if there is no such person.';

-- The customer of a person from now on: the one given, unless another came first.
create function public.link_stripe_customer(user_id uuid, customer_id text) returns text
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  linked text;
begin
  insert into private.stripe_customers as known (user_id, customer_id)
  values (link_stripe_customer.user_id, link_stripe_customer.customer_id)
  on conflict (user_id) do update set customer_id = coalesce(known.customer_id, excluded.customer_id)
  returning known.customer_id into linked;
  return linked;
end
$$;
comment on function public.link_stripe_customer(uuid, text) is 'Links a customer to a person; the one that counts.';

-- It was deleted at Stripe: the next one is made with another idempotency key.
create function public.unlink_stripe_customer(customer_id text) returns void
language sql set search_path = '' as $$
  update private.stripe_customers as known set customer_id = null, generation = known.generation + 1
  where known.customer_id = unlink_stripe_customer.customer_id
$$;
comment on function public.unlink_stripe_customer(text) is 'Forgets a customer that Stripe no longer has.';

-- A customer as it is at Stripe now: {"id", "user_id" (as its metadata says, or null), "gone"}.
create function public.apply_stripe_customer(event_id text, customer jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  person uuid;
  outcome text := 'unchanged';
begin
  if (customer ->> 'gone')::boolean then
    perform public.unlink_stripe_customer(customer ->> 'id');
    outcome := 'applied';
  else
    select users.id into person from private.users
    where users.id = (customer ->> 'user_id')::uuid
      and not exists (select from private.stripe_customers as known where known.customer_id = customer ->> 'id')
    for key share;
    if person is not null and public.link_stripe_customer(person, customer ->> 'id') = customer ->> 'id' then
      outcome := 'applied';
    end if;
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object('outcome', outcome, 'findings', '[]'::jsonb);
end
$$;
comment on function public.apply_stripe_customer(text, jsonb) is 'Keeps who is who in step with Stripe.';

-- A payment went back, or is contested: whoever runs this decides what follows.
create function public.apply_stripe_charge(event_id text, kind text, charge jsonb) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  findings jsonb;
begin
  findings := private.note_finding(kind, charge ->> 'id', charge || jsonb_build_object('user_id', (
    select known.user_id from private.stripe_customers as known where known.customer_id = charge ->> 'customer_id'
  )));
  perform private.finish_stripe_event(event_id, 'noted');
  return jsonb_build_object('outcome', 'noted', 'findings', findings);
end
$$;
comment on function public.apply_stripe_charge(text, text, jsonb) is 'Notes a refund or a dispute.';

-- Handlers only, and through their RPCs.
alter table private.stripe_customers enable row level security;

create policy "handlers keep the customers" on private.stripe_customers for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_customers from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_customers to service_role;

revoke all on function public.get_billing_account(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.link_stripe_customer(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.unlink_stripe_customer(text) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_customer(text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_charge(text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.get_billing_account(uuid, text) to service_role;
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
grant execute on function public.unlink_stripe_customer(text) to service_role;
grant execute on function public.apply_stripe_customer(text, jsonb) to service_role;
grant execute on function public.apply_stripe_charge(text, text, jsonb) to service_role;

-- Which subscriptions give the tier that they are of: the table that docs/billing.md explains.

create function private.subscription_pays(status text, grace_until timestamptz) returns boolean
language sql stable set search_path = '' as $$
  select case status
    when 'active' then true
    when 'trialing' then true
    when 'past_due' then coalesce(grace_until > now(), false)
    else false -- incomplete, incomplete_expired, unpaid, paused, canceled
  end
$$;
comment on function private.subscription_pays(text, timestamptz) is 'Whether a subscription of this status gives its tier.';

-- Derived from all of a person's subscriptions, never moved up or down by one event. The caller holds the person's row.
create function private.refresh_tier(person uuid) returns text
language plpgsql set search_path = '' as $$
declare
  derived constant text := case
    when exists (
      select from public.subscriptions as own
      where own.user_id = person and own.tier = 'paid' and private.subscription_pays(own.status, own.grace_until)
    ) then 'paid'
    else 'free'
  end;
begin
  update private.users set tier = derived where id = person and tier <> derived;
  return derived;
end
$$;
comment on function private.refresh_tier(uuid) is 'Sets the tier of a person to what their subscriptions give; that tier.';

-- Time ends a grace without any event. How many people it took the tier from.
create function public.end_grace() returns int
language plpgsql set search_path = '' as $$
declare
  person uuid;
  ended int := 0;
begin
  for person in
    select users.id from private.users
    where users.tier = 'paid' and exists (
      select from public.subscriptions as own
      where own.user_id = users.id and own.status = 'past_due' and own.grace_until <= now()
    )
    order by users.id for no key update
  loop
    if private.refresh_tier(person) = 'free' then
      ended := ended + 1;
    end if;
  end loop;
  return ended;
end
$$;
comment on function public.end_grace() is 'Takes the tier from whose grace is over; how many those were.';

-- Handlers only.
revoke all on function private.subscription_pays(text, timestamptz) from public;
revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.subscription_pays(text, timestamptz) to service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;

-- A subscription as it is at Stripe, applied: the row, the tier, the e-mails and the event, together or not at all.

-- Whose it is: as we know it already, else whose customer it is, else whom we wrote into its metadata.
create function private.owner_of_subscription(told jsonb) returns uuid
language sql stable set search_path = '' as $$
  select coalesce(
    (select own.user_id from public.subscriptions as own where own.stripe_id = told ->> 'id'),
    (select known.user_id from private.stripe_customers as known where known.customer_id = told ->> 'customer_id'),
    (select users.id from private.users where users.id = (told ->> 'user_id')::uuid)
  )
$$;
comment on function private.owner_of_subscription(jsonb) is 'The person whose subscription it is; null if nobody knows.';

-- The row as it was (null if there was none), and as it is now; only a higher ticket changes it. The caller holds the
-- owner's row, so that nobody else is at it.
create function private.store_subscription(
  ticket bigint, told jsonb, owner uuid, grace_seconds int, out before public.subscriptions, out after public.subscriptions
)
language plpgsql set search_path = '' as $$
declare
  meaning record;
begin
  select * into before from public.subscriptions as own where own.stripe_id = told ->> 'id';
  after := before;
  if ticket <= before.applied_ticket or (before.id is null and told ? 'gone') then
    return;
  end if;
  after.applied_ticket := ticket;
  if told ? 'gone' then
    if before.status not in ('canceled', 'incomplete_expired') then
      after.status := 'canceled';
      after.cancel_at := now();
    end if;
  else
    select * into meaning from private.plan_of(told -> 'items');
    after.status := told ->> 'status';
    after.plan := meaning.plan;
    after.tier := meaning.tier;
    after.price_id := meaning.price_id;
    after.current_period_end := to_timestamp((told ->> 'current_period_end')::double precision);
    after.cancel_at := to_timestamp((told ->> 'cancel_at')::double precision);
  end if;
  after.past_due_since := case when after.status = 'past_due' then
    -- The next invoice that is not paid either does not begin another grace.
    least(before.past_due_since, coalesce(to_timestamp((told ->> 'past_due_since')::double precision), now()))
  end;
  after.grace_until := after.past_due_since + make_interval(secs => grace_seconds);

  if before.id is null then
    insert into public.subscriptions (
      user_id, stripe_id, status, plan, current_period_end, tier, price_id, cancel_at, past_due_since, grace_until,
      applied_ticket, created_at
    )
    values (
      owner, told ->> 'id', after.status, after.plan, after.current_period_end, after.tier, after.price_id,
      after.cancel_at, after.past_due_since, after.grace_until, ticket,
      coalesce(to_timestamp((told ->> 'created')::double precision), now())
    )
    returning * into after;
  else
    update public.subscriptions as own set
      status = after.status, plan = after.plan, current_period_end = after.current_period_end, tier = after.tier,
      price_id = after.price_id, cancel_at = after.cancel_at, past_due_since = after.past_due_since,
      grace_until = after.grace_until, applied_ticket = after.applied_ticket
    where own.id = before.id;
  end if;
end
$$;
comment on function private.store_subscription(bigint, jsonb, uuid, int) is 'The row before and after; changed by a higher ticket only.';

-- What the row does not say but somebody should know, if it is new.
create function private.find_in_subscription(told jsonb, owner uuid) returns jsonb
language plpgsql set search_path = '' as $$
declare
  live constant boolean := told ->> 'status' not in ('canceled', 'incomplete_expired');
  unknown text[] := '{}';
  findings jsonb := '[]';
  price text;
begin
  if told ? 'gone' then
    return findings;
  elsif owner is null then
    -- An ended one is what is left of a deleted account, and nobody's concern.
    return case when live then private.note_finding('unknown_user', told ->> 'id', told) else findings end;
  end if;
  perform private.resolve_findings('unknown_user', array[told ->> 'id']);
  select unknown_prices into unknown from private.plan_of(told -> 'items');
  if live then
    foreach price in array unknown loop
      findings := findings || private.note_finding('unknown_price', price, jsonb_build_object('subscription', told ->> 'id'));
    end loop;
  end if;
  perform private.resolve_findings('unknown_price', array(
    select item ->> 'price_id' from jsonb_array_elements(told -> 'items') as item
    where item ->> 'price_id' <> all (unknown)
  ));
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
comment on function private.find_in_subscription(jsonb, uuid) is 'Notes unknown prices and people, and several subscriptions.';

-- `subscription`: {"id", "customer_id", "user_id", "status", "items", "current_period_end", "cancel_at", "created",
-- "past_due_since"} with times in seconds since 1970, or {"id", "gone": true} where Stripe has none.
-- `emails`: [{"type", "dedupe_key", "payload"}], queued whatever the ticket: they tell what happened, not how it stands.
create function public.apply_stripe_subscription(
  ticket bigint, subscription jsonb, grace_seconds int, event_id text default null, emails jsonb default '[]'
) returns jsonb
language plpgsql set search_path = '' as $$
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
  -- One at a time for each person: the tier is derived from all that they have.
  select users.id into owner from private.users where users.id = owner for no key update;
  if owner is null then
    findings := private.find_in_subscription(subscription, null);
    outcome := case when subscription ? 'gone' then 'gone' else 'unknown_user' end;
    perform private.finish_stripe_event(event_id, outcome);
    return jsonb_build_object('outcome', outcome, 'changed', '[]'::jsonb, 'findings', findings);
  end if;

  select * into stored from private.store_subscription(ticket, subscription, owner, grace_seconds);
  before := stored.before;
  after := stored.after;
  outcome := case
    when after.id is null then 'gone' when ticket > coalesce(before.applied_ticket, -1) then 'applied' else 'stale'
  end;
  if subscription ->> 'customer_id' is not null and not exists (
    select from private.stripe_customers as known where known.customer_id = subscription ->> 'customer_id'
  ) then
    perform public.link_stripe_customer(owner, subscription ->> 'customer_id');
  end if;
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  -- An end that is only now heard of, long after, is no news; one that we saw happen is, whoever told us.
  if (subscription ? 'gone' or subscription ->> 'status' = 'canceled') and after.id is not null and (
    before.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and after.status = 'canceled'
    or exists (select from private.stripe_events as e where e.id = event_id and e.type = 'customer.subscription.deleted')
  ) then
    perform private.queue_notification(
      owner, 'subscription_canceled', after.stripe_id, jsonb_build_object('plan', after.plan, 'ended_at', after.cancel_at)
    );
  end if;
  perform private.finish_stripe_event(event_id, outcome);
  return jsonb_build_object(
    'outcome', outcome, 'tier', tier, 'findings', findings, 'changed', private.changes_of(before, after)
  );
end
$$;
comment on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) is
  'Brings the row, the tier and the e-mails in step with Stripe, and marks the event; what changed.';

create function private.changes_of(before public.subscriptions, after public.subscriptions) returns jsonb
language sql stable set search_path = '' as $$
  select case
    when before.id is null and after.id is not null then '["created"]'
    else coalesce((
      select jsonb_agg(field.key order by field.key) from jsonb_each(to_jsonb(after)) as field
      where field.key <> 'applied_ticket' and field.value is distinct from to_jsonb(before) -> field.key
    ), '[]')
  end
$$;
comment on function private.changes_of(public.subscriptions, public.subscriptions) is 'The columns that differ, or `created`.';

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

-- The walk through all subscriptions, at Stripe and here, that finds what no event told. One at a time, resumed where
-- the last run stopped.

create table private.billing_walk (
  id boolean primary key default true check (id),
  phase text not null default 'stripe' check (phase in ('stripe', 'ours')),
  reached text,
  first_ticket bigint not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
comment on table private.billing_walk is 'How far the walk has come; one row.';
comment on column private.billing_walk.reached is 'The last subscription of the last page; null at the beginning of a phase.';
comment on column private.billing_walk.first_ticket is 'What has a lower one was not met on this walk.';

-- The walk as it stands, begun anew if the last one is finished, and the ticket for the first page.
create function public.begin_reconciliation(anew boolean default false) returns jsonb
language plpgsql set search_path = '' as $$
declare
  ticket constant bigint := nextval('private.stripe_tickets');
  walk private.billing_walk;
begin
  insert into private.billing_walk as last (first_ticket) values (ticket)
  on conflict (id) do update
    set phase = 'stripe', reached = null, first_ticket = ticket, started_at = now(), finished_at = null
    where last.finished_at is not null or anew;
  select * into walk from private.billing_walk;
  return jsonb_build_object('phase', walk.phase, 'reached', walk.reached, 'ticket', ticket);
end
$$;
comment on function public.begin_reconciliation(boolean) is 'phase, reached and a ticket for the first page.';

-- A page of Stripe's subscriptions, fetched after `ticket` was drawn: what it says is applied, and the walk moved from
-- `reached` to `reaches` (null after the last page), together or not at all. People's rows are taken in one order and one
-- page at a time, so that no two wait for each other. What cannot be applied does not hold up the others.
create function public.reconcile_stripe_page(
  ticket bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  walk private.billing_walk;
  told jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into walk from private.billing_walk for update;
  if walk.phase <> 'stripe' or walk.reached is distinct from reached or walk.finished_at is not null then
    return jsonb_build_object('overtaken', true);
  end if;
  for told in
    select value from jsonb_array_elements(subscriptions) order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(ticket, told, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', told ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', told ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  update private.billing_walk as w set
    reached = reaches, phase = case when reaches is null then 'ours' else 'stripe' end;
  return jsonb_build_object(
    'overtaken', false, 'repaired', repaired, 'findings', findings, 'failed', failed,
    'ticket', nextval('private.stripe_tickets')
  );
end
$$;
comment on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) is
  'What was repaired, found or failed, and the ticket for the next page; overtaken if another run has moved on.';

-- Ours that are live and were not met at Stripe: each is to be asked for by itself, with the ticket that comes with it.
create function public.list_unmet_subscriptions(after text, number int) returns jsonb
language sql set search_path = '' as $$
  select coalesce(jsonb_agg(unmet.stripe_id order by unmet.stripe_id), '[]') from (
    select own.stripe_id from public.subscriptions as own, private.billing_walk as walk
    where own.applied_ticket < walk.first_ticket and own.status not in ('canceled', 'incomplete_expired')
      and own.stripe_id > coalesce(list_unmet_subscriptions.after, '')
    order by own.stripe_id limit number
  ) as unmet
$$;
comment on function public.list_unmet_subscriptions(text, int) is 'Ids of live subscriptions that this walk did not meet.';

create function public.draw_stripe_ticket() returns bigint
language sql set search_path = '' as $$
  select nextval('private.stripe_tickets')
$$;
comment on function public.draw_stripe_ticket() is 'To be drawn before Stripe is asked.';

create function public.finish_reconciliation() returns void
language sql set search_path = '' as $$
  update private.billing_walk set finished_at = now() where phase = 'ours'
$$;
comment on function public.finish_reconciliation() is 'The walk is over: the next run begins another.';

-- Events that failed and that nobody is at, the longest untouched first.
create function public.list_failed_stripe_events(number int) returns jsonb
language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('id', failed.id, 'type', failed.type, 'hint', failed.hint)
    order by failed.attempted_at), '[]')
  from (
    select event.* from private.stripe_events as event
    where event.processed_at is null and coalesce(event.claimed_until <= now(), true)
    order by event.attempted_at limit number
  ) as failed
$$;
comment on function public.list_failed_stripe_events(int) is 'Events to be tried again: id, type and hint.';

-- Once an hour, which is also how late the end of a grace may be.
insert into private.cron_jobs (name, schedule, path) values ('reconcileSubscriptions', '17 * * * *', 'reconcileSubscriptions');

-- Handlers only, and through their RPCs.
alter table private.billing_walk enable row level security;

create policy "handlers keep the walk" on private.billing_walk for all to service_role
  using (true) with check (true);

revoke all on table private.billing_walk from anon, authenticated, service_role;
grant select, insert, update on table private.billing_walk to service_role;

revoke all on function public.begin_reconciliation(boolean) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_stripe_page(bigint, jsonb, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_unmet_subscriptions(text, int) from public, anon, authenticated, service_role;
revoke all on function public.draw_stripe_ticket() from public, anon, authenticated, service_role;
revoke all on function public.finish_reconciliation() from public, anon, authenticated, service_role;
revoke all on function public.list_failed_stripe_events(int) from public, anon, authenticated, service_role;
grant execute on function public.begin_reconciliation(boolean) to service_role;
grant execute on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) to service_role;
grant execute on function public.list_unmet_subscriptions(text, int) to service_role;
grant execute on function public.draw_stripe_ticket() to service_role;
grant execute on function public.finish_reconciliation() to service_role;
grant execute on function public.list_failed_stripe_events(int) to service_role;
