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
