-- Who pays keeps what they bought, whatever becomes of the price; a key of another account or mode at Stripe ends nothing;
-- a user may have several customers; and what only handlers need to know of a subscription is not shown to clients.

alter sequence private.stripe_tickets rename to stripe_versions;
alter table private.stripe_events rename column hint to reference;
alter table private.stripe_events rename column ticket to version;
alter table private.stripe_events rename column claimed_until to leased_until;
update private.stripe_events as event
set reference = event.reference - 'look' || jsonb_build_object('kind', event.reference -> 'look')
where event.reference ? 'look';
comment on column private.stripe_events.reference is
  '{"kind", "object_id"} of the object to fetch, "emails" that follow, "prices" as they were named when it happened, '
  '"livemode" and "account".';
comment on column private.stripe_events.version is 'Drawn at the latest attempt.';
comment on column private.stripe_events.leased_until is 'Until then no other process works on it, unless it fails before.';

drop function public.record_stripe_event(text, text, jsonb, int);
drop function public.fail_stripe_event(text, bigint, text);
drop function private.plan_of(jsonb);
drop function private.owner_of_subscription(jsonb);
drop function private.store_subscription(bigint, jsonb, uuid, int);
drop function private.find_in_subscription(jsonb, uuid);
drop function private.changes_of(public.subscriptions, public.subscriptions);
drop function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb);
drop function public.get_billing_account(uuid, text);
drop function public.link_stripe_customer(uuid, text);
drop function public.unlink_stripe_customer(text);
drop function public.apply_stripe_customer(text, jsonb);
drop function private.refresh_tier(uuid);
drop function public.end_grace();
drop function public.begin_reconciliation(boolean);
drop function public.reconcile_stripe_page(bigint, jsonb, text, text, int);
drop function public.list_unmet_subscriptions(text, int);
drop function public.draw_stripe_ticket();
drop function public.finish_reconciliation();
drop function public.list_failed_stripe_events(int);

alter table private.billing_findings drop constraint billing_findings_kind_check;
alter table private.billing_findings add constraint billing_findings_kind_check check (
  kind in ('unknown_price', 'unknown_user', 'several_subscriptions', 'charge_refunded', 'charge_disputed',
    'price_off_sale', 'wrong_stripe_account', 'mass_cancellation')
);
comment on table private.billing_findings is 'What an operator has to look at: prices of no plan, payments of unknown users, refunds, a wrong key.';
comment on column private.billing_findings.subject is 'The id at Stripe that it is about; of several_subscriptions, the user''s.';

-- A plan may be sold at several prices.
drop index public.plans_offered_idx;
create index plans_plan_idx on public.plans (plan);

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

alter table private.stripe_subscriptions enable row level security;

create policy "handlers keep the versions" on private.stripe_subscriptions for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_subscriptions from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_subscriptions to service_role;

-- What was sold is known from the rows that there are.
insert into private.stripe_subscriptions (stripe_id, sold_tier, version)
select own.stripe_id, own.tier, own.applied_ticket from public.subscriptions as own;
drop index public.subscriptions_applied_ticket_idx;
alter table public.subscriptions drop column applied_ticket;
update public.subscriptions as own set tier = 'free'
where own.tier = 'paid' and not private.subscription_pays(own.status, own.grace_until);
comment on column public.subscriptions.plan is 'The plan that its price was sold as; `unknown` for a price of no plan.';
comment on column public.subscriptions.tier is 'The tier that it gives now: free once it has ended, is paused or is owed.';

-- Stripe's prices, and what each was sold as. A price leaves `plans` while people go on paying it: another price takes its
-- lookup key over, or the row is renamed or deleted. A price once sold keeps the plan and tier that it was sold as.

create table private.stripe_prices (
  price_id text primary key check (char_length(price_id) between 1 and 255),
  sold_plan text check (char_length(sold_plan) between 1 and 64),
  sold_tier text check (sold_tier in ('free', 'paid')),
  constraint stripe_prices_sold_check check ((sold_plan is null) = (sold_tier is null))
);
comment on table private.stripe_prices is 'Stripe''s prices, and the plan and tier that each was sold as.';
comment on column private.stripe_prices.sold_plan is 'The plan that it was sold as, whatever `plans` says of it later.';
comment on column private.stripe_prices.sold_tier is 'The tier that it was sold as.';

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
  left join public.plans as by_id on by_id.price_id = listed.value ->> 'price_id'
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

-- Handlers only, and through their RPCs; an operator may correct what a price was sold as.
alter table private.stripe_prices enable row level security;

create policy "handlers keep the prices" on private.stripe_prices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_prices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_prices to service_role;

revoke all on function private.plans_of_items(jsonb) from public;
revoke all on function private.plan_of(jsonb) from public;
revoke all on function private.remember_prices(jsonb) from public;
grant execute on function private.plans_of_items(jsonb) to service_role;
grant execute on function private.plan_of(jsonb) to service_role;
grant execute on function private.remember_prices(jsonb) to service_role;

insert into private.stripe_prices (price_id, sold_plan, sold_tier)
select distinct on (own.price_id) own.price_id, own.plan, known.sold_tier
from public.subscriptions as own join private.stripe_subscriptions as known on known.stripe_id = own.stripe_id
where own.plan <> 'unknown' and own.price_id is not null
order by own.price_id, known.version desc;

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
create or replace function private.finish_stripe_event(event_id text, outcome text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_events as event set
    processed_at = now(), outcome = finish_stripe_event.outcome, error = null, leased_until = null
  where event.id = event_id and event.processed_at is null
$$;
comment on function private.finish_stripe_event(text, text) is 'Marks an event as processed.';

revoke all on function public.record_stripe_event(text, text, jsonb, int) from public, anon, authenticated, service_role;
revoke all on function public.fail_stripe_event(text, bigint, text) from public, anon, authenticated, service_role;
grant execute on function public.record_stripe_event(text, text, jsonb, int) to service_role;
grant execute on function public.fail_stripe_event(text, bigint, text) to service_role;

-- Of those that were deleted, nothing but their number was kept, which the idempotency key of the next one has in it.
alter table private.stripe_customers add column deleted_at timestamptz;
alter table private.stripe_customers drop constraint stripe_customers_pkey;
alter table private.stripe_customers drop constraint stripe_customers_customer_id_key;
insert into private.stripe_customers (user_id, customer_id, created_at, deleted_at)
select known.user_id, 'deleted_' || known.user_id || '_' || number, known.created_at, now()
from private.stripe_customers as known cross join generate_series(1, known.generation) as number;
delete from private.stripe_customers as known where known.customer_id is null;
alter table private.stripe_customers drop column generation;
alter table private.stripe_customers add constraint stripe_customers_pkey primary key (customer_id);
comment on table private.stripe_customers is 'Users'' customers at Stripe.';
comment on column private.stripe_customers.customer_id is 'cus_...; one user''s alone.';
comment on column private.stripe_customers.deleted_at is 'When it was found to be deleted at Stripe.';

-- A user's customers; it serves the foreign key too.
create index stripe_customers_user_id_idx on private.stripe_customers (user_id, created_at);

-- The first that is not deleted: what is bought is bought with it.
create function private.customer_of(profile uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select known.customer_id from private.stripe_customers as known
  where known.user_id = profile and known.deleted_at is null
  order by known.created_at, known.customer_id limit 1
$$;
comment on function private.customer_of(uuid) is 'The customer at Stripe with which a user buys, if there is one.';

-- What a handler needs to know of a user who wants to pay, and of the plan to be paid for.
create function public.get_billing_account(user_id uuid, plan text default null) returns jsonb
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
    'price_id', sold.price_id, 'lookup_key', sold.lookup_key,
    'has_subscribed', exists (select from public.subscriptions as own where own.user_id = account.id),
    'live_subscriptions', array(
      select own.stripe_id from public.subscriptions as own
      where own.user_id = account.id and own.status not in ('canceled', 'incomplete_expired')
      order by own.created_at desc, own.stripe_id
    )
  )
  from private.users as account
  left join lateral (
    select offer.price_id, offer.lookup_key from public.plans as offer
    where offer.plan = get_billing_account.plan and offer.offered
    order by offer.created_at desc, offer.id limit 1
  ) as sold on true
  where account.id = get_billing_account.user_id
$$;
comment on function public.get_billing_account(uuid, text) is
  'Address, customers, subscriptions, and the newest price at which a plan is sold; null if there is no such user.';

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

revoke all on function private.customer_of(uuid) from public;
revoke all on function public.get_billing_account(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.link_stripe_customer(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.unlink_stripe_customer(text) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_customer(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function private.customer_of(uuid) to service_role;
grant execute on function public.get_billing_account(uuid, text) to service_role;
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
grant execute on function public.unlink_stripe_customer(text) to service_role;
grant execute on function public.apply_stripe_customer(text, jsonb) to service_role;

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

-- Time ends a grace without any event. How many people it took the tier from.
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

revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;

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
-- "past_due_since", "livemode"} with times in seconds since 1970.
-- `emails`: [{"type", "dedupe_key", "payload"}], queued at any version: they say what happened, not how it stands.
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
  tier := private.refresh_tier(owner);
  findings := private.find_in_subscription(subscription, owner);

  for email in select * from jsonb_array_elements(emails) loop
    perform private.queue_notification(
      owner, email ->> 'type', email ->> 'dedupe_key', email -> 'payload' || jsonb_build_object('plan', after.plan)
    );
  end loop;
  -- An end that is only now heard of, long after, is no news; one that we saw happen is, whatever reported it.
  if subscription ->> 'status' = 'canceled' and (
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

alter table private.billing_walk rename to reconciliation_cursor;
alter table private.reconciliation_cursor rename constraint billing_walk_pkey to reconciliation_cursor_pkey;
alter table private.reconciliation_cursor rename constraint billing_walk_id_check to reconciliation_cursor_id_check;
alter table private.reconciliation_cursor drop constraint billing_walk_phase_check;
alter table private.reconciliation_cursor rename column first_ticket to first_version;
update private.reconciliation_cursor as c
set phase = case c.phase when 'stripe' then 'subscriptions' else 'missing' end where c.id;
alter table private.reconciliation_cursor alter column phase set default 'subscriptions';
alter table private.reconciliation_cursor add constraint reconciliation_cursor_phase_check
  check (phase in ('subscriptions', 'missing'));
alter table private.reconciliation_cursor add column cancellations_accepted_at timestamptz;
alter policy "handlers keep the walk" on private.reconciliation_cursor rename to "handlers keep the cursor";
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

-- What a person is called at Stripe, now and when they asked to leave.
create or replace function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
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

create or replace function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select private.erase_from_auth(deletion.user_id) from private.account_deletions as deletion
  where deletion.id = $1 and deletion.user_id is not null;
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.reference::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
comment on function public.finish_account_deletion(uuid) is 'Leaves nothing but the receipt.';

update private.personal_data as listed set row_key = 't.customer_id' where listed.source = 'stripe_customer';
update private.personal_data as listed set owned = replace(listed.owned, 't.hint::text', 't.reference::text')
where listed.source = 'stripe_events';
insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values (
  'stripe_subscriptions', 'private.stripe_subscriptions',
  't.stripe_id in (select stripe_id from public.subscriptions where user_id = $1)', 't.stripe_id', '{}', true
);

-- Postgres 18 names these after the column as it was called; older ones have no such constraints.
do $$
declare
  named record;
begin
  for named in
    select of_column.conrelid::regclass as relation, of_column.conname,
      format('%s_%s_not_null', table_of.relname, attribute.attname) as standard
    from pg_catalog.pg_constraint as of_column
    join pg_catalog.pg_class as table_of on table_of.oid = of_column.conrelid
    join pg_catalog.pg_attribute as attribute
      on attribute.attrelid = of_column.conrelid and attribute.attnum = of_column.conkey[1]
    where of_column.contype = 'n' and of_column.conrelid in (
      'private.stripe_events'::regclass, 'private.reconciliation_cursor'::regclass, 'private.stripe_customers'::regclass
    )
  loop
    if named.conname <> named.standard then
      execute format('alter table %s rename constraint %I to %I', named.relation, named.conname, named.standard);
    end if;
  end loop;
end
$$;
