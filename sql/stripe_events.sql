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
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_events as event set error = left(fail_stripe_event.error, 500), claimed_until = null
  where event.id = event_id and event.ticket = fail_stripe_event.ticket and event.processed_at is null
$$;
comment on function public.fail_stripe_event(text, bigint, text) is 'Keeps the error of an attempt and gives up its claim.';

-- Called within the transaction that does what the event led to.
create function private.finish_stripe_event(event_id text, outcome text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.stripe_events as event set
    processed_at = now(), outcome = finish_stripe_event.outcome, error = null, claimed_until = null
  where event.id = event_id and event.processed_at is null
$$;
comment on function private.finish_stripe_event(text, text) is 'Marks an event as processed.';
