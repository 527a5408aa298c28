-- Which account and mode at Stripe our rows are of. With a key of another one every subscription of ours is a 404: a
-- swapped key, or a copy of production beside test keys, must not be taken for the end of all of them.

create table private.stripe_account (
  id boolean primary key default true check (id),
  account_id text check (char_length(account_id) between 1 and 255),
  livemode boolean,
  accepted_at timestamptz not null default now()
);
comment on table private.stripe_account is 'The account and mode at Stripe that the rows here are of; one row.';
comment on column private.stripe_account.account_id is 'acct_...; null while no key was allowed to read it.';
comment on column private.stripe_account.livemode is 'Live or test mode; null while nothing has said so.';
comment on column private.stripe_account.accepted_at is 'First contact, or when an operator accepted another account.';

-- What is null, on either side, is not known and does not differ.
create function private.is_own_account(account_id text, livemode boolean) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select not exists (
    select from private.stripe_account as known
    where known.account_id <> is_own_account.account_id or known.livemode <> is_own_account.livemode
  )
$$;
comment on function private.is_own_account(text, boolean) is 'Whether it may be the account and mode of our rows.';

-- At the first contact; later ones only fill in what was not known.
create function private.record_stripe_account(account_id text, livemode boolean) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.stripe_account as known (account_id, livemode)
  select record_stripe_account.account_id, record_stripe_account.livemode
  where not exists (
    select from private.stripe_account as known
    where (known.account_id is not null or record_stripe_account.account_id is null)
      and (known.livemode is not null or record_stripe_account.livemode is null)
  )
  on conflict (id) do update set
    account_id = coalesce(known.account_id, excluded.account_id), livemode = coalesce(known.livemode, excluded.livemode)
$$;
comment on function private.record_stripe_account(text, boolean) is 'Keeps what is known of the account for the first time.';

-- `missing` is what Stripe did not have, or null.
create function public.report_wrong_stripe_account(account_id text, livemode boolean, missing text) returns jsonb
language sql set search_path = pg_catalog, pg_temp as $$
  select private.note_finding('wrong_stripe_account', coalesce(known.account_id, 'stripe'), jsonb_build_object(
    'account_id', report_wrong_stripe_account.account_id, 'livemode', report_wrong_stripe_account.livemode,
    'missing', report_wrong_stripe_account.missing, 'known_livemode', known.livemode
  ))
  from (select) as always left join private.stripe_account as known on true
$$;
comment on function public.report_wrong_stripe_account(text, boolean, text) is
  'Notes that the key seems to be of another account or mode; the findings that are new.';

-- Of the account that the key opens, before reconciliation believes anything that it says. An operator who moves to
-- another account accepts it once.
create function public.check_stripe_account(account_id text, livemode boolean, accept boolean default false)
returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if accept then
    insert into private.stripe_account as known (account_id, livemode)
    values (nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode)
    on conflict (id) do update
      set account_id = excluded.account_id, livemode = excluded.livemode, accepted_at = now();
    update private.billing_findings as finding set resolved_at = now()
    where finding.kind = 'wrong_stripe_account' and finding.resolved_at is null;
    return true;
  elsif not private.is_own_account(check_stripe_account.account_id, check_stripe_account.livemode) then
    return false;
  end if;
  perform private.record_stripe_account(nullif(check_stripe_account.account_id, ''), check_stripe_account.livemode);
  return true;
end
$$;
comment on function public.check_stripe_account(text, boolean, boolean) is
  'Whether it is the account and mode of our rows, which the first contact decides; an empty id is an unknown one.';
