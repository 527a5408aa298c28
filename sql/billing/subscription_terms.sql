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
