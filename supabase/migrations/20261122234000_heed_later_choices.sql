-- An event of somebody who unsubscribed, told again after they changed their mind, undid what they had chosen since.
create or replace function public.record_notification_events(events jsonb) returns jsonb
language plpgsql set search_path = '' as $$
declare
  known uuid[];
  stored int;
begin
  select array_agg(notification.id) into known from (
    select locked.id from public.notifications as locked
    where locked.id in (select (event ->> 'notification_id')::uuid from jsonb_array_elements(events) as event)
    order by locked.id for update
  ) as notification;

  with told as (
    insert into private.notification_events (notification_id, message_id, event, occurred_at, verdict, reason)
    select event.notification_id, event.message_id, event.event, event.occurred_at, event.verdict, event.reason
    from jsonb_to_recordset(events) as event (
      notification_id uuid, message_id text, event text, occurred_at timestamptz, verdict text, reason text
    )
    where event.notification_id = any (known)
    on conflict do nothing
    returning 1
  )
  select count(*) into stored from told;

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
  select lower(event.email), person.user_id, event.suppress
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, suppress text)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  where event.suppress is not null and event.email <> '' and person.user_id is not null
  on conflict do nothing;

  -- Who leaves through the mail service's own link leaves everything that may be declined. What they chose after that
  -- stands, also when the event is told again. Its time has no fractions of a second.
  perform public.set_notification_preference(person.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean, occurred_at timestamptz)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  cross join unnest(array['renewal_upcoming', 'weekly_metrics']) as declined (type)
  where event.unsubscribe and person.user_id is not null and not exists (
    select from public.notification_preferences as chosen
    where chosen.user_id = person.user_id and chosen.type = declined.type
      and date_trunc('second', chosen.updated_at) > event.occurred_at
  );

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$$;
