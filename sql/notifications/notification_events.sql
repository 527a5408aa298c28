-- What the mail service says became of an e-mail.

create table private.notification_events (
  notification_id uuid not null references public.notifications (id) on delete cascade,
  -- SendGrid gives an event a new id when it sends it again: message, event and time say whether it is the same.
  message_id text not null check (char_length(message_id) <= 200),
  event text not null check (char_length(event) between 1 and 40),
  occurred_at timestamptz not null,
  verdict text check (verdict in ('sent', 'delivered', 'bounced', 'failed', 'suppressed')),
  reason text check (char_length(reason) <= 500),
  primary key (notification_id, message_id, event, occurred_at)
);
comment on table private.notification_events is 'Events of the mail service, each once.';
comment on column private.notification_events.verdict is 'The status that it means, if any.';

-- A status is decided from all events together, the gravest first: so their order and repetition change nothing. Rows are
-- locked before anything is looked at, so that two deliveries at once see each other's events.
create function public.record_notification_events(events jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  known uuid[];
  stored int;
begin
  select array_agg(notification.id) into known from (
    select locked.id from public.notifications as locked
    where locked.id in (select (event ->> 'notification_id')::uuid from jsonb_array_elements(events) as event)
    order by locked.id for update
  ) as notification;

  with recorded as (
    insert into private.notification_events (notification_id, message_id, event, occurred_at, verdict, reason)
    select event.notification_id, event.message_id, event.event, event.occurred_at, event.verdict, event.reason
    from jsonb_to_recordset(events) as event (
      notification_id uuid, message_id text, event text, occurred_at timestamptz, verdict text, reason text
    )
    where event.notification_id = any (known)
    on conflict do nothing
    returning 1
  )
  select count(*) into stored from recorded;

  update public.notifications as notification set
    status = gravest.verdict,
    error = case when gravest.verdict in ('bounced', 'failed', 'suppressed') then gravest.reason end,
    sent_at = least(notification.sent_at, gravest.first_at),
    provider_message_id = coalesce(notification.provider_message_id, nullif(gravest.message_id, ''))
  from (
    select distinct on (event.notification_id) event.*,
      min(event.occurred_at) over (partition by event.notification_id) as first_at
    from private.notification_events as event
    where event.notification_id = any (known) and event.verdict is not null
    order by event.notification_id,
      array_position(array['bounced', 'delivered', 'suppressed', 'failed', 'sent'], event.verdict),
      event.occurred_at, event.message_id
  ) as gravest
  where notification.id = gravest.notification_id;

  insert into private.notification_suppressions (email, user_id, reason)
  select lower(event.email), profile.user_id, event.suppress
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, suppress text)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as profile
  where event.suppress is not null and event.email <> '' and profile.user_id is not null
  on conflict do nothing;

  -- Who leaves through the mail service's own link leaves everything that may be declined. What they chose after that
  -- stands, also when the event is sent again. Its time has no fractions of a second.
  perform public.set_notification_preference(profile.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean, occurred_at timestamptz)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as profile
  cross join unnest(array['renewal_upcoming', 'weekly_metrics', 'contact_message']) as declined (type)
  where event.unsubscribe and profile.user_id is not null and not exists (
    select from public.notification_preferences as chosen
    where chosen.user_id = profile.user_id and chosen.type = declined.type
      and date_trunc('second', chosen.updated_at) > event.occurred_at
  );

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$$;
comment on function public.record_notification_events(jsonb) is
  'Stores events once, and decides status, suppressions and preferences from them; how many were new.';
