-- Leaving: a request that is remembered until nothing is left but its receipt.

create table private.account_deletions (
  id uuid primary key default gen_random_uuid(),
  -- No foreign key: it outlives the user, and forgets who it was in the end.
  user_id uuid unique,
  status text not null default 'scheduled' check (status in ('scheduled', 'running', 'done', 'canceled')),
  step text not null default 'billing' check (step in ('billing', 'files', 'notice', 'account', 'rest')),
  step_since timestamptz not null default now(),
  stripe_ids text[] not null default '{}',
  due_at timestamptz not null,
  next_attempt_at timestamptz not null default now(),
  attempts int not null default 0 check (attempts >= 0),
  last_error text check (char_length(last_error) <= 100),
  requested_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint account_deletions_receipt_check check (
    (status in ('done', 'canceled')) = (user_id is null) and (user_id is not null or stripe_ids = '{}')
  )
);
comment on table private.account_deletions is
  'Deletions of accounts; the id is the receipt. Anonymous once it is over.';
comment on column private.account_deletions.stripe_ids is 'What the user is called at Stripe, to erase traces by.';

create index account_deletions_next_attempt_at_idx on private.account_deletions (next_attempt_at)
  where status in ('scheduled', 'running');

-- What a user is called at Stripe, now and when they asked to leave.
create function private.stripe_ids(user_id uuid) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(
    select subscription.stripe_id from public.subscriptions as subscription where subscription.user_id = $1
    union
    select invoice.stripe_id from public.invoices as invoice where invoice.user_id = $1
    union
    select customer.customer_id from private.stripe_customers as customer
    where customer.user_id = $1
    union
    select unnest(deletion.stripe_ids) from private.account_deletions as deletion where deletion.user_id = $1
    union
    select $1::text
  )
$$;
comment on function private.stripe_ids(uuid) is 'The ids by which Stripe''s events name a user.';

create function private.deletion_receipt(deletion private.account_deletions) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(deletion) - '{user_id,stripe_ids}'::text[]
$$;
comment on function private.deletion_receipt(private.account_deletions) is 'What the holder of a receipt may know.';

-- Asking twice is asking once, also under a name that has changed since: a caller that lost the answer gets it again.
create function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  if found then
    return private.deletion_receipt(deletion);
  elsif not exists (select from private.users as profile where profile.id = $1) then
    return '{"reason": "account_gone"}';
  elsif not exists (select from private.users as profile where profile.id = $1 and profile.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$$;
comment on function public.request_account_deletion(uuid, text, int, int) is
  'Remembers that a user leaves; {"reason"} where they are gone, did not type their name or did not sign in just now.';

-- Only before it has begun.
create function public.cancel_account_deletion(user_id uuid) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  update private.account_deletions as asked
  set status = 'canceled', user_id = null, stripe_ids = '{}', finished_at = now()
  where asked.user_id = $1 and asked.status = 'scheduled' and asked.due_at > now()
  returning * into deletion;
  return case when deletion.id is not null then private.deletion_receipt(deletion) end;
end
$$;
comment on function public.cancel_account_deletion(uuid) is
  'Takes a request back while its grace lasts; null where it is late.';

create function public.get_account_deletion(receipt_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.deletion_receipt(deletion) from private.account_deletions as deletion where deletion.id = $1
$$;
comment on function public.get_account_deletion(uuid) is 'How far a deletion is, for a caller with its receipt.';

create function public.lease_account_deletions(batch int, lease_seconds int, receipt_id uuid default null) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with due as (
    select deletion.id from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
      and deletion.next_attempt_at <= now() and ($3 is null or deletion.id = $3)
    order by deletion.next_attempt_at limit batch for update skip locked
  ),
  taken as (
    update private.account_deletions as deletion set
      status = 'running', attempts = deletion.attempts + 1,
      next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where due.id = deletion.id
    returning deletion.id, deletion.user_id, deletion.step, deletion.step_since, deletion.attempts
  )
  select coalesce(jsonb_agg(to_jsonb(taken)), '[]') from taken
$$;
comment on function public.lease_account_deletions(int, int, uuid) is 'Takes deletions (or one) that are to go on now.';

-- A step is done, or waits with a reason. A user who got the last e-mail gets no other.
create function public.record_account_deletion(receipt_id uuid, step text, error text, wait_seconds int) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update public.notifications as notification set status = 'suppressed', error = 'account_deleted'
  where $2 = 'notice' and notification.status = 'queued' and notification.type <> 'account_deleted'
    and notification.user_id = (select asked.user_id from private.account_deletions as asked where asked.id = $1);
  update private.account_deletions as deletion set
    step = $2, last_error = $3,
    step_since = case when deletion.step = $2 then deletion.step_since else now() end,
    next_attempt_at = case when $4 is null then deletion.next_attempt_at else now() + make_interval(secs => $4) end
  where deletion.id = $1 and deletion.status = 'running';
$$;
comment on function public.record_account_deletion(uuid, text, text, int) is 'How far a deletion is, and why it waits.';

create function public.list_account_files(user_id uuid, after text, batch int) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_agg(to_jsonb(found) order by found.key), '[]') from (
    select object.bucket_id, object.name, (object.metadata ->> 'size')::bigint as size,
      (object.bucket_id || '/' || object.name) collate "C" as key
    from storage.objects as object
    where starts_with(object.name, $1 || '/')
      and ($2 is null or (object.bucket_id || '/' || object.name) collate "C" > $2)
    order by key limit batch
  ) as found
$$;
comment on function public.list_account_files(uuid, text, int) is 'A page of a user''s files, in every bucket.';

-- One transaction, by way of Auth's own table: hosted and local alike, and not without the request. What no foreign key
-- reaches is erased first, while the rows that say whose it is are there.
create function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  leaving uuid;
  erased private.personal_data;
begin
  select deletion.user_id into leaving from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if leaving is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.lock_user_media(leaving);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    ) and to_regclass(known.relation) is not null
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using leaving;
  end loop;
  delete from auth.users as account where account.id = leaving;
end
$$;
comment on function public.delete_account(uuid) is 'Deletes the user behind a deletion that has come this far.';

create function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  select private.erase_from_auth(deletion.user_id) from private.account_deletions as deletion
  where deletion.id = $1 and deletion.user_id is not null;
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.reference::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
comment on function public.finish_account_deletion(uuid) is 'Leaves nothing but the receipt.';

insert into private.cron_jobs (name, schedule, path) values
  ('continueAccountDeletions', '*/5 * * * *', 'continueAccountDeletions');
