-- The ledger of Stripe's events. An event is a hint that something changed: kept are its id, which object to fetch, and
-- which e-mails follow from it; never its body, which has addresses and parts of card numbers.

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
