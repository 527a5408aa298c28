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
