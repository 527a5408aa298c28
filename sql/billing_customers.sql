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
language sql stable set search_path = pg_catalog, pg_temp as $$
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
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_customers as known set customer_id = null, generation = known.generation + 1
  where known.customer_id = unlink_stripe_customer.customer_id
$$;
comment on function public.unlink_stripe_customer(text) is 'Forgets a customer that Stripe no longer has.';

-- A customer as it is at Stripe now: {"id", "user_id" (as its metadata says, or null), "gone"}.
create function public.apply_stripe_customer(event_id text, customer jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
