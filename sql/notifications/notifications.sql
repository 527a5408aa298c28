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
comment on column public.notifications.payload is 'What the e-mail says; see docs/notifications.md for each type.';
comment on column public.notifications.attempts is 'How often it was given to the mail service; the latest one may record.';
comment on column public.notifications.next_attempt_at is
  'When it may be sent. While sending: until when the event webhook has time to report what became of a lost answer.';
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
