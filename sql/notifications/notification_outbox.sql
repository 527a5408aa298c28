-- From the outbox to the mail service: what a dispatcher takes, and what it brings back.

-- Taking is marking as `sending`, before anything is sent: from then on nobody knows whether the mail service has it until
-- an answer or an event says so. One that was never answered for is taken again when its time to settle is over. SKIP
-- LOCKED lets dispatchers pass each other. What is not to be sent after all is closed here, with the rest of its batch.
create function public.lease_notifications(
  batch int, settle_seconds int, give_up_seconds int, notification_id uuid default null
) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
  with due as materialized (
    select notification.id, notification.user_id, notification.type, notification.status, notification.attempts,
      notification.created_at, private.email_of(notification.user_id) as email
    from public.notifications as notification
    where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
      and ($4 is null or notification.id = $4)
    order by notification.next_attempt_at
    limit batch
    for update skip locked
  ),
  judged as materialized (
    select due.id, due.email, verdict.status, verdict.error
    from due cross join lateral (
      select
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds) then 'failed'
          when due.email is null or due.email ~ '[.@]invalid$' then 'suppressed'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'suppressed'
          else 'sending'
        end as status,
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds)
            then case when due.status = 'sending' then 'gave_up: never_settled' else 'gave_up' end
          when due.email is null or due.email ~ '[.@]invalid$' then 'no_address'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'address_suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'declined'
        end as error
    ) as verdict
  ),
  taken as (
    update public.notifications as notification set
      status = judged.status,
      error = coalesce(judged.error, notification.error),
      attempts = notification.attempts + case when judged.status = 'sending' then 1 else 0 end,
      next_attempt_at = now() + make_interval(secs => settle_seconds)
    from judged where judged.id = notification.id
    returning notification.*, judged.email
  )
  select jsonb_build_object(
    'closed', count(*) filter (where taken.status <> 'sending'),
    'notifications', coalesce(
      jsonb_agg(jsonb_build_object(
        'id', taken.id, 'user_id', taken.user_id, 'type', taken.type, 'attempt', taken.attempts, 'email', taken.email,
        'username', (select profile.username from private.users as profile where profile.id = taken.user_id),
        'payload', taken.payload
      ) order by taken.created_at) filter (where taken.status = 'sending'),
      '[]'
    )
  ) from taken
$$;
comment on function public.lease_notifications(int, int, int, uuid) is
  'Marks what is due (or one) as sending and returns it, with addresses; closes what is given up, suppressed or declined.';

-- An answer `sent` counts from any attempt; anything else only from the latest attempt, and only while no event has said
-- otherwise. Rows are locked in one order, so that this and the event webhook never wait for each other in a circle.
create function public.record_notifications(results jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.notifications as notification
  where notification.id in (select (result ->> 'id')::uuid from jsonb_array_elements(results) as result)
  order by notification.id for update;

  update public.notifications as notification set
    status = case result.outcome when 'sent' then 'sent' when 'failed' then 'failed' when 'unknown' then 'sending' else 'queued' end,
    sent_at = case when result.outcome = 'sent' then now() else notification.sent_at end,
    provider_message_id = coalesce(result.message_id, notification.provider_message_id),
    error = result.error,
    next_attempt_at = case
      when result.outcome in ('retry', 'unknown') then now() + make_interval(secs => coalesce(result.wait_seconds, 0))
      else notification.next_attempt_at
    end
  from jsonb_to_recordset(results) as result (
    id uuid, attempt int, outcome text, message_id text, error text, wait_seconds double precision
  )
  where notification.id = result.id and notification.status in ('queued', 'sending')
    and (result.outcome = 'sent' or (notification.status = 'sending' and notification.attempts = result.attempt));
end
$$;
comment on function public.record_notifications(jsonb) is
  'Stores what came of sending: sent, failed, retry (after wait_seconds) or unknown (no answer: settles until then).';

-- What a service asks for: queued once for its key, and what came of it.
create function public.request_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform private.queue_notification($1, $2, $3, $4);
  return (
    select jsonb_build_object('id', notification.id, 'status', notification.status)
    from public.notifications as notification
    where notification.user_id = $1 and notification.type = $2 and notification.dedupe_key = $3
  );
end
$$;
comment on function public.request_notification(uuid, text, text, jsonb) is
  'Queues an e-mail once for its key; its id and status, or null where there is no such user.';

-- What users may ask for themselves: the latest e-mail of a type again, as it was, and not at once. The key is the one that
-- it repeats, so that asking twice at the same time is asking once. A link that has run out is not sent again.
create function public.request_notification_again(user_id uuid, type text, quiet_seconds int) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  latest public.notifications;
  again_at timestamptz;
begin
  select * into latest from public.notifications as notification
  where notification.user_id = $1 and notification.type = $2
  order by notification.created_at desc, notification.id limit 1;
  if latest.id is null then
    return case when $2 = 'welcome' then public.request_notification($1, $2, 'welcome') end;
  elsif latest.payload ->> 'expires_at' < to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS') then
    return null;
  elsif latest.status in ('queued', 'sending') then
    return jsonb_build_object('id', latest.id, 'status', latest.status);
  end if;
  again_at := coalesce(latest.sent_at, latest.created_at) + make_interval(secs => quiet_seconds);
  if again_at > now() then
    return jsonb_build_object(
      'id', latest.id, 'status', latest.status, 'retry_after', ceil(extract(epoch from again_at - now()))::int
    );
  end if;
  return public.request_notification($1, $2, 'again-' || latest.id, latest.payload);
end
$$;
comment on function public.request_notification_again(uuid, text, int) is
  'The latest e-mail of a type once more, or that one where it is young, with retry_after; null where there is none to send.';

-- What became of one.
create function public.get_notification_status(notification_id uuid) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select notification.status from public.notifications as notification where notification.id = $1
$$;
comment on function public.get_notification_status(uuid) is 'The status of a notification.';

-- What is left for the next run.
create function public.count_due_notifications() returns bigint
language sql stable set search_path = pg_catalog, pg_temp as $$
  select count(*) from public.notifications as notification
  where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
$$;
comment on function public.count_due_notifications() is 'How many notifications may be sent now.';
