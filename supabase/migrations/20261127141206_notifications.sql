-- Notifications, number 6 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/notifications/notifications.sql

-- E-mails to users: what is to be sent (the outbox) and what became of it (the log).

create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  type text not null
    constraint notifications_type_choices check (
      type in ( 'welcome', 'subscription_started', 'renewal_upcoming', 'renewal_succeeded', 'payment_failed', 'payment_refunded', 'cancellation_scheduled', 'cancellation_withdrawn', 'subscription_canceled', 'account_deleted', 'data_export_ready', 'weekly_metrics', 'contact_message' )
    ),
  sent_at timestamptz,
  status text not null default 'queued'
    constraint notifications_status_choices check (
      status in ('queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'suppressed')
    ),
  dedupe_key text not null default gen_random_uuid()::text
    constraint notifications_dedupe_key_length check (char_length(dedupe_key) between 1 and 255),
  payload jsonb not null default '{}'
    constraint notifications_payload_type check (jsonb_typeof(payload) = 'object')
    constraint notifications_payload_size check (octet_length(payload::text) <= 65536),
  attempts int not null default 0 constraint notifications_attempts_range check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  provider_message_id text
    constraint notifications_provider_message_id_length check (char_length(provider_message_id) <= 200),
  error text constraint notifications_error_length check (char_length(error) <= 500),
  created_at timestamptz not null default now(),
  unique (user_id, type, dedupe_key) -- serves the foreign key and the policy too
);
comment on table public.notifications is
  e'E-mails to users (welcome, renewal, ...): outbox and log; written by handlers.\n'
  '@graphql({"name": "Notification", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notifications", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on column public.notifications.sent_at is 'When the mail service took it; null while it has not.';
comment on column public.notifications.status is
  'queued, sending (given to the mail service, no answer yet), sent (taken), delivered, bounced, failed, or suppressed '
  '(not sent, because the address or the user does not want it).';
comment on column public.notifications.dedupe_key is 'What happened, so that it is mailed once: unique for a user and type.';
comment on column public.notifications.payload is 'What the e-mail tells; see docs/notifications.md for each type.';
comment on column public.notifications.attempts is 'How often it was given to the mail service; the latest one may record.';
comment on column public.notifications.next_attempt_at is
  'When it may be sent. While sending: until when the event webhook has time to tell what became of a lost answer.';
comment on column public.notifications.provider_message_id is 'SendGrid''s X-Message-Id.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint notifications_type_choices on public.notifications is
  'Type must be welcome, subscription_started, renewal_upcoming, renewal_succeeded, payment_failed, payment_refunded, cancellation_scheduled, cancellation_withdrawn, subscription_canceled, account_deleted, data_export_ready, weekly_metrics or contact_message.';
comment on constraint notifications_status_choices on public.notifications is
  'Status must be queued, sending, sent, delivered, bounced, failed or suppressed.';
comment on constraint notifications_dedupe_key_length on public.notifications is 'Dedupe key must have 1 to 255 characters.';
comment on constraint notifications_payload_type on public.notifications is 'A payload must be an object.';
comment on constraint notifications_payload_size on public.notifications is 'A payload must take 65,536 bytes at most.';
comment on constraint notifications_attempts_range on public.notifications is 'Attempts must be 0 or more.';
comment on constraint notifications_provider_message_id_length on public.notifications is
  'Provider message ID must have 200 characters at most.';
comment on constraint notifications_error_length on public.notifications is 'Error must have 500 characters at most.';

-- What is to be sent now; the rest of a growing log is not in it.
create index notifications_due_idx on public.notifications (next_attempt_at) where status in ('queued', 'sending');

-- The one way to queue an e-mail: however often it is called, one is queued for each key. Part of the caller's
-- transaction, so that what happened and its e-mail are stored together or not at all. A deleted user gets none.
create function private.queue_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into public.notifications (user_id, type, dedupe_key, payload)
  select profile.id, $2, $3, coalesce($4, '{}') from private.users as profile where profile.id = $1
  on conflict (user_id, type, dedupe_key) do nothing
$$;
comment on function private.queue_notification(uuid, text, text, jsonb) is
  'Queues an e-mail, once for each user, type and dedupe_key; nothing where there is no such user.';

-- A new profile is welcomed. A sign-in is worth more than an e-mail: whatever goes wrong here stays here.
create function private.queue_welcome() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_notification(new.id, 'welcome', 'welcome', '{}');
  return null;
exception
  when others then
    raise log 'No welcome was queued for %: %', new.id, sqlerrm;
    return null;
end
$$;
comment on function private.queue_welcome() is 'Trigger: a new profile is welcomed.';

create trigger queue_welcome after insert on private.users
  for each row execute function private.queue_welcome();

-- sql/notifications/notification_preferences.sql

-- Which e-mails a user wants, and which addresses get none.

-- Only what may be declined has a row, and only once somebody chose.
create table public.notification_preferences (
  user_id uuid not null default auth.uid() references private.users (id) on delete cascade,
  type text not null
    constraint notification_preferences_type_choices check (
      type in ('renewal_upcoming', 'weekly_metrics', 'contact_message')
    ),
  enabled boolean not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, type)
);
comment on table public.notification_preferences is
  e'Which of the e-mails that may be declined a user wants; without a row, weekly_metrics is off and the rest is on.\n'
  '@graphql({"name": "NotificationPreferences", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "notificationPreferences", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint notification_preferences_type_choices on public.notification_preferences is
  'Type must be renewal_upcoming, weekly_metrics or contact_message.';

-- Who asked for a digest.
create index notification_preferences_enabled_idx on public.notification_preferences (type, user_id) where enabled;

create trigger touch_updated_at before update on public.notification_preferences
  for each row execute function private.touch_updated_at();
create trigger touch_added before insert on public.notification_preferences
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_owner before update on public.notification_preferences
  for each row when (old.user_id is distinct from new.user_id) execute function private.keep_owner();

-- Addresses that mail must not go to any more. They go with the user whose address it was.
create table private.notification_suppressions (
  email text not null check (char_length(email) between 1 and 255),
  user_id uuid not null references private.users (id) on delete cascade,
  reason text not null check (reason in ('bounce', 'spamreport', 'dropped')),
  created_at timestamptz not null default now(),
  primary key (email, user_id)
);
comment on table private.notification_suppressions is
  'Addresses that bounced for good or whose owner reported spam: nothing is sent there, until somebody deletes the row.';
create index notification_suppressions_user_id_idx on private.notification_suppressions (user_id);

-- What may be declined, and what holds for those who never chose; everything else belongs to the contract or the account.
create function private.wants_notification(user_id uuid, type text) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when $2 in ('renewal_upcoming', 'weekly_metrics', 'contact_message') then coalesce(
      (
        select preference.enabled from public.notification_preferences as preference
        where preference.user_id = $1 and preference.type = $2
      ),
      $2 <> 'weekly_metrics'
    )
    else true
  end
$$;
comment on function private.wants_notification(uuid, text) is 'Whether a user is to get e-mails of this type.';

-- From a link in an e-mail, without a sign-in: the handler has checked its signature. Nothing to do for who is gone.
create function public.set_notification_preference(user_id uuid, type text, enabled boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into public.notification_preferences (user_id, type, enabled)
  select profile.id, $2, $3 from private.users as profile where profile.id = $1
  on conflict (user_id, type) do update set enabled = excluded.enabled
$$;
comment on function public.set_notification_preference(uuid, text, boolean) is
  'Turns e-mails of a type on or off for a user.';

-- Delayed bounces come without our id: then the address tells whose they are. Definer, because handlers may not read it.
create function private.profile_with_email(email text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select profile.id from private.users as profile where profile.email = lower($1)
$$;
comment on function private.profile_with_email(text) is 'Whose address this is.';

-- sql/notifications/notification_outbox.sql

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
    status = case result.outcome when 'sent' then 'sent' when 'failed' then 'failed' when 'lost' then 'sending' else 'queued' end,
    sent_at = case when result.outcome = 'sent' then now() else notification.sent_at end,
    provider_message_id = coalesce(result.message_id, notification.provider_message_id),
    error = result.error,
    next_attempt_at = case
      when result.outcome in ('retry', 'lost') then now() + make_interval(secs => coalesce(result.wait_seconds, 0))
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
  'Stores what came of sending: sent, failed, retry (after wait_seconds) or lost (no answer: settles until then).';

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

-- sql/notifications/notification_events.sql

-- What the mail service says became of an e-mail.

create table private.notification_events (
  notification_id uuid not null references public.notifications (id) on delete cascade,
  -- SendGrid gives an event a new id when it tells it again: message, event and time tell whether it is the same.
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

-- sql/notifications/notification_digest.sql

-- The weekly digest: what each project earned in seven days, for those who asked for it.

-- Counts are each platform's first one: stars at GitHub, likes elsewhere. A project without a snapshot before the week is
-- not said to have earned everything in it. Who has no numbers gets no e-mail. Run again, it queues nothing twice.
create function public.queue_weekly_metrics(ends date default (now() at time zone 'utc')::date) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  queued int;
begin
  with number as (
    select project.user_id, project.id as project_id, project.title, platform.name as platform,
      latest.count as now, coalesce(before.count, latest.count) as before
    from public.notification_preferences as preference
    join public.projects as project on project.user_id = preference.user_id
    cross join unnest(array['github', 'linkedin', 'twitter']) as platform (name)
    cross join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends
      order by metric.recorded_at desc limit 1
    ) as latest
    left join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends - 7
      order by metric.recorded_at desc limit 1
    ) as before on true
    where preference.type = 'weekly_metrics' and preference.enabled
  ),
  project as (
    select number.user_id, number.title, sum(number.now - number.before) as gained, sum(number.now) as total,
      jsonb_agg(
        jsonb_build_object('platform', number.platform, 'now', number.now, 'before', number.before)
        order by number.platform
      ) as platforms
    from number group by number.user_id, number.project_id, number.title
  ),
  ranked as (
    select project.*, row_number() over (
      partition by project.user_id order by project.gained desc, project.total desc, project.title
    ) as rank
    from project
  ),
  digest as (
    select ranked.user_id, jsonb_build_object(
      'from', ends - 7,
      'to', ends,
      'gained', sum(ranked.gained),
      'more', count(*) filter (where ranked.rank > 5),
      'projects', jsonb_agg(jsonb_build_object(
        'title', ranked.title, 'gained', ranked.gained, 'platforms', ranked.platforms
      ) order by ranked.rank) filter (where ranked.rank <= 5)
    ) as payload
    from ranked group by ranked.user_id
  ),
  added as (
    insert into public.notifications (user_id, type, dedupe_key, payload)
    select digest.user_id, 'weekly_metrics', to_char(ends, 'IYYY-"W"IW'), digest.payload from digest
    on conflict (user_id, type, dedupe_key) do nothing
    returning 1
  )
  select count(*) into queued from added;
  return queued;
end
$$;
comment on function public.queue_weekly_metrics(date) is
  'Queues the digest of the seven days up to this one, for all who asked for it; how many were new.';

insert into private.cron_jobs (name, schedule, path) values
  ('dispatchNotifications', '* * * * *', 'dispatchNotifications'),
  ('queueWeeklyMetrics', '0 7 * * 1', 'queueWeeklyMetrics');

-- policies/notifications.sql

-- Who may read, write and call what of notifications: row-level security, and grants by column where a row mixes public and private.

-- Users see their own, whole: what was written to them, and what became of it. Handlers write.
alter table public.notifications enable row level security;

create policy "users see their own notifications" on public.notifications for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notifications from anon, authenticated, service_role;
grant select on table public.notifications to authenticated;
grant select, insert, update, delete on table public.notifications to service_role;

revoke all on function private.queue_notification(uuid, text, text, jsonb) from public;
revoke all on function private.queue_welcome() from public;
grant execute on function private.queue_notification(uuid, text, text, jsonb) to service_role;

-- Users choose for themselves; handlers, where a link says so.
alter table public.notification_preferences enable row level security;

create policy "users see their own choices" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()));
create policy "users make their own choices" on public.notification_preferences for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "users change their own choices" on public.notification_preferences for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "users take their own choices back" on public.notification_preferences for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notification_preferences from anon, authenticated, service_role;
grant select, insert, update, delete on table public.notification_preferences to authenticated, service_role;

-- Handlers only, and through their RPCs.
alter table private.notification_suppressions enable row level security;

create policy "handlers keep the suppressions" on private.notification_suppressions for all to service_role
  using (true) with check (true);

revoke all on table private.notification_suppressions from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_suppressions to service_role;

revoke all on function private.wants_notification(uuid, text) from public;
revoke all on function private.profile_with_email(text) from public;
revoke all on function public.set_notification_preference(uuid, text, boolean)
  from public, anon, authenticated, service_role;
grant execute on function private.wants_notification(uuid, text) to service_role;
grant execute on function private.profile_with_email(text) to service_role;
grant execute on function public.set_notification_preference(uuid, text, boolean) to service_role;

-- Handlers only.
revoke all on function public.lease_notifications(int, int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_notifications(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.request_notification(uuid, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.request_notification_again(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.get_notification_status(uuid) from public, anon, authenticated, service_role;
revoke all on function public.count_due_notifications() from public, anon, authenticated, service_role;
grant execute on function public.lease_notifications(int, int, int, uuid) to service_role;
grant execute on function public.record_notifications(jsonb) to service_role;
grant execute on function public.request_notification(uuid, text, text, jsonb) to service_role;
grant execute on function public.request_notification_again(uuid, text, int) to service_role;
grant execute on function public.get_notification_status(uuid) to service_role;
grant execute on function public.count_due_notifications() to service_role;

-- Handlers only, and through their RPC.
alter table private.notification_events enable row level security;

create policy "handlers keep the events" on private.notification_events for all to service_role
  using (true) with check (true);

revoke all on table private.notification_events from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_events to service_role;

revoke all on function public.record_notification_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_notification_events(jsonb) to service_role;

-- Handlers only.
revoke all on function public.queue_weekly_metrics(date) from public, anon, authenticated, service_role;
grant execute on function public.queue_weekly_metrics(date) to service_role;

reset check_function_bodies;
