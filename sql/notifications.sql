-- The log of e-mails.

create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  type text not null check (char_length(type) between 1 and 64),
  sent_at timestamptz default now(),
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed'))
);
comment on table public.notifications is 'E-mails to people (welcome, renewal, ...); written by handlers.';
comment on column public.notifications.sent_at is 'When it was handed to the mail service; null while it was not.';

-- A person's notifications, newest first; it serves the foreign key and the policy too.
create index notifications_user_id_sent_at_idx on public.notifications (user_id, sent_at desc);
