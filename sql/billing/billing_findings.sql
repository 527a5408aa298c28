-- What somebody has to look at: each thing once, however often it is met.

create table private.billing_findings (
  kind text not null check (
    kind in ('unknown_price', 'unknown_user', 'several_subscriptions', 'charge_refunded', 'charge_disputed',
      'price_off_sale', 'wrong_stripe_account', 'mass_cancellation')
  ),
  subject text not null check (char_length(subject) between 1 and 255),
  details jsonb not null default '{}',
  times int not null default 1,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (kind, subject)
);
comment on table private.billing_findings is 'What an operator has to look at: prices of no plan, payments of unknown users, refunds, a wrong key.';
comment on column private.billing_findings.subject is 'The id at Stripe that it is about; of several_subscriptions, the user''s.';
comment on column private.billing_findings.resolved_at is 'When it was no longer so; it opens again when it is met again.';

-- What it is about, when it was not known to be so: that is to be reported, and no more than that.
create function private.note_finding(kind text, subject text, details jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  is_new boolean;
begin
  select coalesce(bool_and(known.resolved_at is not null), true) into is_new from private.billing_findings as known
  where known.kind = note_finding.kind and known.subject = note_finding.subject;
  insert into private.billing_findings as known (kind, subject, details)
  values (note_finding.kind, note_finding.subject, note_finding.details)
  on conflict (kind, subject) do update set
    details = excluded.details, times = known.times + 1, last_seen_at = now(), resolved_at = null;
  return case
    when is_new then jsonb_build_array(jsonb_build_object('kind', note_finding.kind, 'subject', note_finding.subject))
    else '[]'
  end;
end
$$;
comment on function private.note_finding(text, text, jsonb) is 'Notes it; a list of the finding if it is new, else an empty one.';

create function private.resolve_findings(kind text, subjects text[]) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.billing_findings as known set resolved_at = now()
  where known.kind = resolve_findings.kind and known.subject = any (subjects) and known.resolved_at is null
$$;
comment on function private.resolve_findings(text, text[]) is 'These are no longer so.';

-- For reports.
create function public.count_billing_findings() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_object_agg(open.kind, open.number), '{}') from (
    select known.kind, count(*) as number from private.billing_findings as known
    where known.resolved_at is null group by known.kind
  ) as open
$$;
comment on function public.count_billing_findings() is 'How many findings are open, by kind.';
