-- What each credential of a platform may still ask: shared by all workers, so that none asks for another.

create table private.metric_budgets (
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  credential text not null check (char_length(credential) between 1 and 64),
  remaining int,
  resets_at timestamptz,
  not_before timestamptz,
  reason text check (char_length(reason) <= 200),
  failures int not null default 0,
  month date not null default date_trunc('month', now() at time zone 'utc')::date,
  units int not null default 0 check (units >= 0),
  primary key (platform, credential)
);
comment on table private.metric_budgets is 'What each credential of a platform may still ask, and from when.';
comment on column private.metric_budgets.credential is 'The beginning of the credential''s SHA-256; never itself.';
comment on column private.metric_budgets.remaining is
  'Requests left until resets_at, as the platform last said, less those taken since; null: it does not say.';
comment on column private.metric_budgets.not_before is 'Nobody asks with this credential before; reason says why.';
comment on column private.metric_budgets.failures is 'Server errors and time-outs in a row: ten open the breaker.';
comment on column private.metric_budgets.units is 'What was asked in `month` of a platform that bills each post.';

-- Takes requests (and billed units) from the credential of the pool that has most left. Where none may ask, says from
-- when one may, and why. All rows of the pool are locked in one order, so that concurrent takers cannot overspend.
create function private.reserve_metric_budget(
  platform text, credentials text[], requests int, units int, units_a_month int
) returns table (credential text, granted int, not_before timestamptz, reason text)
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  chosen private.metric_budgets;
begin
  insert into private.metric_budgets (platform, credential)
  select reserve_metric_budget.platform, asked.name from unnest(credentials) as asked (name) order by asked.name
  on conflict do nothing;
  perform from private.metric_budgets as budget
  where budget.platform = reserve_metric_budget.platform order by budget.credential for update;

  update private.metric_budgets as budget set
    month = this_month,
    units = case when budget.month = this_month then budget.units else 0 end,
    remaining = case when budget.resets_at > now() then budget.remaining end
  where budget.platform = reserve_metric_budget.platform
    and (budget.month <> this_month or (budget.remaining is not null and budget.resets_at <= now()));

  granted := reserve_metric_budget.units;
  if units_a_month is not null then
    select least(granted, units_a_month - sum(budget.units)) into granted
    from private.metric_budgets as budget where budget.platform = reserve_metric_budget.platform;
    if granted <= 0 then
      return query select null::text, 0, (this_month + interval '1 month') at time zone 'utc', 'budget_spent';
      return;
    end if;
  end if;

  select * into chosen from private.metric_budgets as budget
  where budget.platform = reserve_metric_budget.platform and budget.credential = any (credentials)
    and coalesce(budget.not_before <= now(), true) and coalesce(budget.remaining >= requests, true)
  order by budget.remaining desc nulls first limit 1;

  if chosen.credential is null then
    return query
      select null::text, 0, greatest(budget.not_before, case when budget.remaining < requests then budget.resets_at end),
        coalesce(case when budget.not_before > now() then budget.reason end, 'rate_limited')
      from private.metric_budgets as budget
      where budget.platform = reserve_metric_budget.platform and budget.credential = any (credentials)
      order by 3 limit 1;
    return;
  end if;

  -- After the breaker's pause one request about one source goes out as a probe, and everybody else goes on waiting for
  -- what it brings.
  if chosen.failures >= 10 then
    granted := least(granted, 1);
  end if;
  update private.metric_budgets as budget set
    remaining = budget.remaining - case when chosen.failures >= 10 then 1 else requests end,
    units = budget.units + granted,
    not_before = case when budget.failures >= 10 then now() + interval '30 seconds' end,
    reason = case when budget.failures >= 10 then 'unavailable' end
  where budget.platform = chosen.platform and budget.credential = chosen.credential;
  return query select chosen.credential, granted, null::timestamptz, null::text;
end
$$;
comment on function private.reserve_metric_budget(text, text[], int, int, int) is
  'Takes requests and billed units from the credential with most left; null and the reason where none may ask.';

-- What the platform said while it was asked: its rate limit, how it answered, what was not used after all. Of the same
-- window the lower number counts, since others have taken of it meanwhile; of an older one nothing does.
create function private.settle_metric_budget(platform text, credential text, usage jsonb) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  update private.metric_budgets as budget set
    remaining = case
      when said.remaining is null or said.resets_at is null then budget.remaining
      when said.resets_at < budget.resets_at - interval '1 second' then budget.remaining
      when said.resets_at <= budget.resets_at + interval '1 second' then least(budget.remaining, said.remaining)
      else said.remaining
    end,
    resets_at = greatest(budget.resets_at, said.resets_at),
    units = greatest(0, budget.units - coalesce((usage ->> 'unused_units')::int, 0)),
    failures = outcome.failures,
    not_before = case
      when usage ? 'not_before' then greatest(budget.not_before, to_timestamp((usage ->> 'not_before')::double precision))
      when outcome.failures >= 10 then
        now() + least(interval '30 minutes', interval '1 minute' * 2 ^ least(outcome.failures - 10, 5)) * (0.5 + random() / 2)
      when (usage ->> 'answered')::boolean and budget.reason = 'unavailable' then null
      else budget.not_before
    end,
    reason = case
      when usage ? 'not_before' then usage ->> 'reason'
      when outcome.failures >= 10 then 'unavailable'
      when (usage ->> 'answered')::boolean and budget.reason = 'unavailable' then null
      else budget.reason
    end
  from (
    select case when (usage ->> 'answered')::boolean then 0 else before.failures end
      + coalesce((usage ->> 'failures')::int, 0) as failures
    from private.metric_budgets as before
    where before.platform = settle_metric_budget.platform and before.credential = settle_metric_budget.credential
    for update
  ) as outcome,
  (
    select (usage ->> 'remaining')::int as remaining,
      to_timestamp((usage ->> 'resets_at')::double precision) as resets_at
  ) as said
  where budget.platform = settle_metric_budget.platform and budget.credential = settle_metric_budget.credential
$$;
comment on function private.settle_metric_budget(text, text, jsonb) is
  'usage: remaining, resets_at and not_before (seconds since 1970), reason, answered, failures (since), unused_units.';
