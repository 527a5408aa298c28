-- The log of e-mails becomes an outbox: what is to be sent, what became of it, and who does not want it.

-- Nothing was sent by the old log, and nothing of it is to be sent now.
alter table public.notifications drop constraint notifications_status_check;
update public.notifications set status = 'failed' where status = 'pending';
alter table public.notifications
  alter column sent_at drop default,
  alter column status set default 'queued',
  add constraint notifications_status_check check (
    status in ('queued', 'sending', 'sent', 'delivered', 'bounced', 'failed', 'suppressed')
  ),
  drop constraint notifications_type_check,
  add constraint notifications_type_check check (
    type in (
      'welcome', 'renewal_upcoming', 'renewal_succeeded', 'payment_failed', 'subscription_canceled',
      'account_deleted', 'data_export_ready', 'weekly_metrics'
    )
  ),
  add column dedupe_key text not null default gen_random_uuid()::text check (char_length(dedupe_key) between 1 and 255),
  add column payload jsonb not null default '{}'
    check (jsonb_typeof(payload) = 'object' and octet_length(payload::text) <= 65536),
  add column attempts int not null default 0 check (attempts >= 0),
  add column next_attempt_at timestamptz not null default now(),
  add column provider_message_id text check (char_length(provider_message_id) <= 200),
  add column error text check (char_length(error) <= 500),
  add column created_at timestamptz not null default now(),
  add unique (user_id, type, dedupe_key); -- serves the foreign key and the policy too
drop index public.notifications_user_id_sent_at_idx;
comment on table public.notifications is 'E-mails to people (welcome, renewal, ...): outbox and log; written by handlers.';
comment on column public.notifications.sent_at is 'When the mail service took it; null while it has not.';
comment on column public.notifications.status is
  'queued, sending (given to the mail service, no answer yet), sent (taken), delivered, bounced, failed, or suppressed '
  '(not sent, because the address or the person does not want it).';
comment on column public.notifications.dedupe_key is 'What happened, so that it is told once: unique for a person and type.';
comment on column public.notifications.payload is 'What the e-mail tells; see docs/notifications.md for each type.';
comment on column public.notifications.attempts is 'How often it was given to the mail service; the latest one may record.';
comment on column public.notifications.next_attempt_at is
  'When it may be sent. While sending: until when the event webhook has time to tell what became of a lost answer.';
comment on column public.notifications.provider_message_id is 'SendGrid''s X-Message-Id.';

-- What is to be sent now; the rest of a growing log is not in it.
create index notifications_due_idx on public.notifications (next_attempt_at) where status in ('queued', 'sending');

-- The one way to tell somebody something: as often as one likes, it is told once for each key. Part of the caller's
-- transaction, so that what happened and its e-mail are stored together or not at all. Nobody is told who is gone.
create function private.queue_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns void
language sql set search_path = '' as $$
  insert into public.notifications (user_id, type, dedupe_key, payload)
  select person.id, $2, $3, coalesce($4, '{}') from private.users as person where person.id = $1
  on conflict (user_id, type, dedupe_key) do nothing
$$;
comment on function private.queue_notification(uuid, text, text, jsonb) is
  'Queues an e-mail, once for each user, type and dedupe_key; nothing where there is no such user.';

-- A new profile is welcomed. A sign-in is worth more than an e-mail: whatever goes wrong here stays here.
create function private.queue_welcome() returns trigger
language plpgsql security definer set search_path = '' as $$
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

-- People see their own, and of those what happened and when; the rest is the handlers'.
revoke select on table public.notifications from authenticated;
grant select (id, user_id, type, status, sent_at, created_at) on table public.notifications to authenticated;

revoke all on function private.queue_notification(uuid, text, text, jsonb) from public;
revoke all on function private.queue_welcome() from public;
grant execute on function private.queue_notification(uuid, text, text, jsonb) to service_role;

-- Which e-mails a person wants, and which addresses get none.

-- Only what may be declined has a row, and only once somebody chose.
create table public.notification_preferences (
  user_id uuid not null default auth.uid() references private.users (id) on delete cascade,
  type text not null check (type in ('renewal_upcoming', 'weekly_metrics')),
  enabled boolean not null,
  updated_at timestamptz not null default now(),
  primary key (user_id, type)
);
comment on table public.notification_preferences is
  'Which of the e-mails that may be declined a person wants; without a row, weekly_metrics is off and the rest is on.';

-- Who asked for a digest.
create index notification_preferences_enabled_idx on public.notification_preferences (type, user_id) where enabled;

create trigger touch_updated_at before update on public.notification_preferences
  for each row execute function private.touch_updated_at();
create trigger keep_owner before update on public.notification_preferences
  for each row when (old.user_id is distinct from new.user_id) execute function private.keep_owner();

-- Addresses that mail must not go to any more. They go with the person whose address it was.
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
language sql stable set search_path = '' as $$
  select case
    when $2 in ('renewal_upcoming', 'weekly_metrics') then coalesce(
      (
        select preference.enabled from public.notification_preferences as preference
        where preference.user_id = $1 and preference.type = $2
      ),
      $2 <> 'weekly_metrics'
    )
    else true
  end
$$;
comment on function private.wants_notification(uuid, text) is 'Whether a person is to get e-mails of this type.';

-- From a link in an e-mail, without a sign-in: the handler has checked its signature. Nothing to do for who is gone.
create function public.set_notification_preference(user_id uuid, type text, enabled boolean) returns void
language sql set search_path = '' as $$
  insert into public.notification_preferences (user_id, type, enabled)
  select person.id, $2, $3 from private.users as person where person.id = $1
  on conflict (user_id, type) do update set enabled = excluded.enabled
$$;
comment on function public.set_notification_preference(uuid, text, boolean) is
  'Turns e-mails of a type on or off for a person.';

-- Delayed bounces come without our id: then the address tells whose they are. Definer, because handlers may not read it.
create function private.profile_with_email(email text) returns uuid
language sql stable security definer set search_path = '' as $$
  select person.id from private.users as person where person.email = lower($1)
$$;
comment on function private.profile_with_email(text) is 'Whose address this is.';

-- People choose for themselves; handlers, where a link says so.
alter table public.notification_preferences enable row level security;

create policy "people see their own choices" on public.notification_preferences for select to authenticated
  using (user_id = (select auth.uid()));
create policy "people make their own choices" on public.notification_preferences for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own choices" on public.notification_preferences for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people take their own choices back" on public.notification_preferences for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.notification_preferences from anon, authenticated, service_role;
grant select, insert (user_id, type, enabled), update (user_id, type, enabled), delete
  on table public.notification_preferences to authenticated;
grant select, insert, update, delete on table public.notification_preferences to service_role;

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

-- From the outbox to the mail service: what a dispatcher takes, and what it brings back.

-- Taking is marking as `sending`, before anything is sent: from then on nobody knows whether the mail service has it until
-- an answer or an event says so. One that was never answered for is taken again when its time to settle is over. SKIP
-- LOCKED lets dispatchers pass each other. What is not to be sent after all is closed here, with the rest of its batch.
create function public.lease_notifications(
  batch int, settle_seconds int, give_up_seconds int, notification_id uuid default null
) returns jsonb
language sql set search_path = '' as $$
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
            select from private.notification_suppressions as suppression where suppression.email = due.email
          ) then 'suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'suppressed'
          else 'sending'
        end as status,
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds)
            then case when due.status = 'sending' then 'gave_up: never_settled' else 'gave_up' end
          when due.email is null or due.email ~ '[.@]invalid$' then 'no_address'
          when exists (
            select from private.notification_suppressions as suppression where suppression.email = due.email
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
        'username', (select person.username from private.users as person where person.id = taken.user_id),
        'payload', taken.payload
      ) order by taken.created_at) filter (where taken.status = 'sending'),
      '[]'
    )
  ) from taken
$$;
comment on function public.lease_notifications(int, int, int, uuid) is
  'Marks what is due (or one) as sending and returns it, with addresses; closes what is given up, suppressed or declined.';

-- An answer `sent` counts whoever brings it; anything else only from the latest attempt, and only while no event has said
-- otherwise. Rows are locked in one order, so that this and the event webhook never wait for each other in a circle.
create function public.record_notifications(results jsonb) returns void
language plpgsql set search_path = '' as $$
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

-- What a service asks for: queued once for its key, and told what became of it.
create function public.request_notification(user_id uuid, type text, dedupe_key text, payload jsonb default '{}')
returns jsonb
language plpgsql set search_path = '' as $$
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

-- What people may ask for themselves: the latest e-mail of a type again, as it was, and not at once. The key is the one that
-- it repeats, so that asking twice at the same time is asking once. A link that has run out is not sent again.
create function public.request_notification_again(user_id uuid, type text, quiet_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  latest public.notifications;
begin
  select * into latest from public.notifications as notification
  where notification.user_id = $1 and notification.type = $2
  order by notification.created_at desc, notification.id limit 1;
  if latest.id is null then
    return case when $2 = 'welcome' then public.request_notification($1, $2, 'welcome') end;
  elsif latest.payload ->> 'expires_at' < to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS') then
    return null;
  elsif latest.status in ('queued', 'sending')
    or coalesce(latest.sent_at, latest.created_at) > now() - make_interval(secs => quiet_seconds) then
    return jsonb_build_object('id', latest.id, 'status', latest.status);
  end if;
  return public.request_notification($1, $2, 'again-' || latest.id, latest.payload);
end
$$;
comment on function public.request_notification_again(uuid, text, int) is
  'The latest e-mail of a type once more, or that one where it is young; null where there is none to send.';

-- What became of one.
create function public.get_notification_status(notification_id uuid) returns text
language sql stable set search_path = '' as $$
  select notification.status from public.notifications as notification where notification.id = $1
$$;
comment on function public.get_notification_status(uuid) is 'The status of a notification.';

-- What is left for the next run.
create function public.count_due_notifications() returns bigint
language sql stable set search_path = '' as $$
  select count(*) from public.notifications as notification
  where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
$$;
comment on function public.count_due_notifications() is 'How many notifications may be sent now.';

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

  -- Who leaves through the mail service's own link leaves everything that may be declined.
  perform public.set_notification_preference(person.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as person
  cross join unnest(array['renewal_upcoming', 'weekly_metrics']) as declined (type)
  where event.unsubscribe and person.user_id is not null;

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$$;
comment on function public.record_notification_events(jsonb) is
  'Stores events once, and decides status, suppressions and preferences from them; how many were new.';

-- Handlers only, and through their RPC.
alter table private.notification_events enable row level security;

create policy "handlers keep the events" on private.notification_events for all to service_role
  using (true) with check (true);

revoke all on table private.notification_events from anon, authenticated, service_role;
grant select, insert, update, delete on table private.notification_events to service_role;

revoke all on function public.record_notification_events(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_notification_events(jsonb) to service_role;

-- The weekly digest: what each project earned in seven days, for those who asked for it.

-- Counts are each platform's first one: stars at GitHub, likes elsewhere. A project without a snapshot before the week is
-- not said to have earned everything in it. Who has no numbers gets no e-mail. Run again, it queues nothing twice.
create function public.queue_weekly_metrics(ends date default (now() at time zone 'utc')::date) returns int
language plpgsql set search_path = '' as $$
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

-- Handlers only.
revoke all on function public.queue_weekly_metrics(date) from public, anon, authenticated, service_role;
grant execute on function public.queue_weekly_metrics(date) to service_role;
