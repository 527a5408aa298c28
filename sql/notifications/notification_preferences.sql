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

-- Delayed bounces come without our id: then the address says whose they are. Definer, because handlers may not read it.
create function private.profile_with_email(email text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select profile.id from private.users as profile where profile.email = lower($1)
$$;
comment on function private.profile_with_email(text) is 'Whose address this is.';
