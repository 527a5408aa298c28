-- Runs of scheduled jobs leave a trace, and the state of the system can be asked for.

alter table private.cron_jobs add column since timestamptz not null default now();
comment on column private.cron_jobs.since is 'From then on its runs are waited for.';

drop function private.call_function(text, jsonb);

-- The key is read from the Vault at each call, and so stands in no job's text. Waits as long as Supabase lets a function
-- work: with pg_net's own few seconds, longer work would be cut off. Bound late: a database without pg_net and Vault
-- takes this too.
create function private.call_function(path text, body jsonb default '{}', job text default null) returns bigint
language plpgsql set search_path = '' as $$
declare
  project_url constant text := (
    select secret.decrypted_secret from vault.decrypted_secrets as secret where secret.name = 'project_url'
  );
  secret_key constant text := (
    select secret.decrypted_secret from vault.decrypted_secrets as secret where secret.name = 'secret_key'
  );
begin
  if project_url is null or secret_key is null then
    raise exception 'The Vault holds no project_url or no secret_key.'
      using hint = 'select vault.create_secret(''https://<ref>.supabase.co'', ''project_url''); and secret_key alike.';
  end if;
  return net.http_post(
    url := rtrim(project_url, '/') || '/functions/v1/' || path,
    body := body,
    headers := jsonb_strip_nulls(
      jsonb_build_object('apikey', secret_key, 'Content-Type', 'application/json', 'X-Cron-Job', job)
    ),
    timeout_milliseconds := 150000
  );
end
$$;
comment on function private.call_function(text, jsonb, text) is
  'Posts to a function of this project as a service, as a run of a job where one is named; the id of pg_net''s request.';
revoke all on function private.call_function(text, jsonb, text) from public;

-- Makes pg_cron's jobs what the schedule says, however often it is run. Only jobs of this prefix are ours.
create or replace function private.apply_cron_jobs() returns void
language plpgsql set search_path = '' as $$
declare
  prefix constant text := 'showcase:';
  missing constant text := concat_ws(', ',
    case when to_regclass('cron.job') is null then 'pg_cron' end,
    case when to_regproc('net.http_post') is null then 'pg_net' end,
    case when to_regclass('vault.decrypted_secrets') is null then 'supabase_vault' end
  );
begin
  if missing <> '' then
    raise notice 'Nothing is scheduled in this database: it has no %.', missing;
    return;
  end if;
  perform cron.unschedule(scheduled.jobid) from cron.job as scheduled
  where scheduled.database = current_database() and scheduled.username = current_user
    and starts_with(scheduled.jobname::text, prefix)
    and not exists (
      select from private.cron_jobs as job where job.enabled and scheduled.jobname::text = prefix || job.name
    );
  perform cron.schedule(
    prefix || job.name, job.schedule, format('select private.call_function(%L, %L, %L)', job.path, job.body, job.name)
  ) from private.cron_jobs as job where job.enabled;
end
$$;

select private.apply_cron_jobs();

-- What became of the runs of each scheduled job.

create table private.job_runs (
  id uuid primary key default gen_random_uuid(),
  job text not null references private.cron_jobs (name) on delete cascade,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  outcome text check (outcome in ('done', 'stopped', 'failed', 'lost')),
  counts jsonb not null default '{}' check (jsonb_typeof(counts) = 'object' and octet_length(counts::text) <= 8192),
  request_id text check (char_length(request_id) <= 128),
  error_code text check (char_length(error_code) <= 64)
);
comment on table private.job_runs is 'The runs of scheduled jobs of the last thirty days.';
comment on column private.job_runs.outcome is
  'Null while it runs; stopped: it ended early, and error_code says why; lost: nothing was heard of it any more.';
comment on column private.job_runs.counts is 'The numbers of its answer.';

-- A job's latest runs, and its oldest.
create index job_runs_job_idx on private.job_runs (job, started_at desc);

-- Runs that are not heard of for longer than any may take have died. Old ones are forgotten here: whatever runs, cleans up.
create function public.begin_job_run(job text, request_id text) returns uuid
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  begun uuid;
begin
  update private.job_runs as run set outcome = 'lost'
  where run.job = begin_job_run.job and run.outcome is null and run.started_at < now() - private.longest_job_run();
  delete from private.job_runs as run
  where run.job = begin_job_run.job and run.started_at < now() - interval '30 days';
  insert into private.job_runs as run (job, request_id)
  select known.name, begin_job_run.request_id from private.cron_jobs as known where known.name = begin_job_run.job
  returning run.id into begun;
  return begun;
end
$$;
comment on function public.begin_job_run(text, text) is 'Notes that a run has begun; null for a job that is not scheduled.';

create function public.finish_job_run(run_id uuid, outcome text, counts jsonb, error_code text) returns void
language sql security definer set search_path = '' as $$
  update private.job_runs as run set
    finished_at = now(), outcome = finish_job_run.outcome, counts = finish_job_run.counts,
    error_code = left(finish_job_run.error_code, 64)
  where run.id = run_id and run.finished_at is null
$$;
comment on function public.finish_job_run(uuid, text, jsonb, text) is 'Notes what became of a run.';

-- Above what any platform lets a function work.
create function private.longest_job_run() returns interval
language sql immutable set search_path = '' as $$
  select interval '15 minutes'
$$;
comment on function private.longest_job_run() is 'After so long a run that has not finished is lost.';

-- The longest time between two calls of a schedule, rather too long than too short: lists and ranges count as the next unit.
create function private.cron_period(schedule text) returns interval
language sql immutable set search_path = '' as $$
  select case
    when schedule like '% seconds' then split_part(schedule, ' ', 1)::int * interval '1 second'
    when field.of_week <> '*' then interval '7 days'
    when field.month <> '*' then interval '366 days'
    when field.day <> '*' then interval '31 days'
    when field.hour ~ '^\*/[0-9]+$' then substr(field.hour, 3)::int * interval '1 hour'
    when field.hour <> '*' then interval '1 day'
    when field.minute ~ '^\*/[0-9]+$' then substr(field.minute, 3)::int * interval '1 minute'
    when field.minute = '*' then interval '1 minute'
    else interval '1 hour'
  end
  from (
    select split_part(schedule, ' ', 1) as minute, split_part(schedule, ' ', 2) as hour,
      split_part(schedule, ' ', 3) as day, split_part(schedule, ' ', 4) as month, split_part(schedule, ' ', 5) as of_week
  ) as field
$$;
comment on function private.cron_period(text) is 'The longest time between two calls of a schedule.';

create function private.minutes_since(moment timestamptz) returns numeric
language sql stable set search_path = '' as $$
  select coalesce(round(extract(epoch from now() - moment) / 60), 0)
$$;
comment on function private.minutes_since(timestamptz) is 'Minutes since then; 0 where there is no such moment.';

-- Of the newest three runs that ended, all failed: that does not pass by itself.
create function private.state_of_jobs() returns table (subject text, minutes numeric, verdict text, detail text)
language sql stable security definer set search_path = '' as $$
  select job.name, case when latest.started_at is not null then private.minutes_since(latest.started_at) end,
    case
      when coalesce(latest.started_at, job.since) < now() - late.after or ended.failures >= 3 then 'alert'
      when state.outcome in ('failed', 'lost') then 'warn'
      when state.outcome = 'stopped' and latest.error_code not in ('out_of_time', 'overtaken') then 'warn'
      else 'ok'
    end,
    concat_ws(', ',
      case
        when latest.started_at is null then 'never ran'
        when latest.started_at < now() - late.after then 'overdue, last ' || state.outcome
        else state.outcome
      end,
      latest.error_code,
      case when ended.failures >= 3 then 'three times in a row' end
    )
  from private.cron_jobs as job
  -- So long a job is waited for: a run more or less is nothing, a day without the nightly one is.
  cross join lateral (
    select period + greatest(interval '10 minutes', least(period, interval '2 hours')) as after
    from private.cron_period(job.schedule) as period
  ) as late
  left join lateral (
    select run.* from private.job_runs as run where run.job = job.name order by run.started_at desc limit 1
  ) as latest on true
  cross join lateral (
    select coalesce(
      latest.outcome, case when latest.started_at < now() - private.longest_job_run() then 'lost' else 'running' end
    ) as outcome
  ) as state
  cross join lateral (
    select count(*) filter (where newest.outcome in ('failed', 'lost')) as failures from (
      select run.outcome from private.job_runs as run
      where run.job = job.name and run.outcome is not null order by run.started_at desc limit 3
    ) as newest
  ) as ended
  where job.enabled
$$;
comment on function private.state_of_jobs() is 'Each scheduled job: how long ago it ran, and whether that is as it should be.';

-- Written by two functions that handlers call, read by a third.
alter table private.job_runs enable row level security;

create policy "nobody through the API" on private.job_runs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.job_runs from anon, authenticated, service_role;

revoke all on function public.begin_job_run(text, text) from public, anon, authenticated;
grant execute on function public.begin_job_run(text, text) to service_role;
revoke all on function public.finish_job_run(uuid, text, jsonb, text) from public, anon, authenticated;
grant execute on function public.finish_job_run(uuid, text, jsonb, text) to service_role;
revoke all on function private.longest_job_run() from public;
revoke all on function private.cron_period(text) from public;
revoke all on function private.minutes_since(timestamptz) from public;
revoke all on function private.state_of_jobs() from public;

-- How the whole system is, in one question: what waits, what failed, what is spent, which jobs ran.

-- The thresholds, all of them. A change takes effect at once, without a deployment.
create table private.state_limits (
  item text primary key check (char_length(item) between 1 and 40),
  warn numeric not null,
  alert numeric not null check (alert >= warn),
  unit text not null check (char_length(unit) between 1 and 20)
);
comment on table private.state_limits is 'From which value on an item of the state is a warning, and an alert.';

insert into private.state_limits (item, warn, alert, unit) values
  ('due_sources', 60, 360, 'minutes'), -- since the oldest is due: refreshSocialMetrics comes every five
  ('stripe_events', 10, 70, 'minutes'), -- since the oldest came; reconcileSubscriptions tries again every hour
  ('billing_findings', 1, 20, 'open'),
  ('mail_queued', 10, 60, 'minutes'), -- since the oldest is due: dispatchNotifications comes every minute
  ('mail_failed', 1, 25, 'in a day'),
  ('mail_suppressed', 50, 500, 'in a day'), -- bounced, unsubscribed, without an address
  ('account_deletions', 60, 1440, 'minutes'), -- since the oldest is due
  ('file_removals', 120, 1440, 'minutes'), -- since the oldest is queued
  ('design_budget', 80, 100, '% spent'),
  ('x_reads', 80, 100, '% spent');

-- A platform's credentials that are not to be used now. A refused one needs somebody, the rest passes.
create function private.state_of_platforms()
returns table (item text, subject text, value numeric, verdict text, detail text)
language sql stable security definer set search_path = '' as $$
  select line.* from unnest(array['github', 'linkedin', 'twitter']) as platform (name)
  cross join lateral (
    select count(*) as number, min(source.due_at) as oldest from private.metric_sources as source
    where source.platform = platform.name and source.state <> 'paused' and source.due_at <= now()
  ) as due
  cross join lateral (
    select count(*) filter (where budget.not_before > now()) as blocked, count(*) as known,
      bool_or(budget.reason like 'rejected%') filter (where budget.not_before > now()) as rejected,
      bool_or(budget.reason = 'unavailable') filter (where budget.not_before > now()) as unavailable,
      string_agg(
        format('%s (%s) until %s', budget.reason, budget.credential,
          to_char(budget.not_before at time zone 'utc', 'MM-DD HH24:MI "UTC"')), '; ' order by budget.credential
      ) filter (where budget.not_before > now()) as reasons
    from private.metric_budgets as budget where budget.platform = platform.name
  ) as credentials
  cross join lateral (
    values
      (
        'due_sources', platform.name, private.minutes_since(due.oldest),
        case when due.number > 0 and credentials.known = 0 then 'warn' end,
        format('%s due', due.number)
          || case when due.number > 0 and credentials.known = 0 then ', nobody asked yet: is it set up?' else '' end
      ),
      (
        'platform_blocked', platform.name, credentials.blocked::numeric,
        case when credentials.rejected then 'alert' when credentials.unavailable then 'warn' else 'ok' end,
        coalesce(credentials.reasons, '')
      )
  ) as line (item, subject, value, verdict, detail)
$$;
comment on function private.state_of_platforms() is 'What each platform is still to be asked, and which credentials rest.';

-- What the functions' settings limit is told by whoever asks, since only they know it. Definer, since most of these tables
-- are nobody's through the API.
create function public.get_system_state(design_budget numeric default null, x_posts_a_month int default null)
returns jsonb
language sql stable security definer set search_path = '' as $$
  with facts (item, subject, value, verdict, detail) as (
    select * from private.state_of_platforms()
    union all
    select 'stripe_events', '', private.minutes_since(min(event.received_at)), null,
      format('%s unprocessed', count(*))
        || coalesce(', ' || left((array_agg(event.error order by event.attempted_at desc nulls last))[1], 100), '')
    from private.stripe_events as event where event.processed_at is null
    union all
    select 'billing_findings', '', coalesce(sum(open.number), 0),
      case when bool_or(open.kind = 'charge_disputed') then 'alert' end,
      coalesce(string_agg(format('%s %s', open.number, open.kind), ', ' order by open.kind), '')
    from (
      select finding.kind, count(*) as number from private.billing_findings as finding
      where finding.resolved_at is null group by finding.kind
    ) as open
    union all
    select 'mail_queued', '', private.minutes_since(min(mail.next_attempt_at)), null, format('%s due', count(*))
    from public.notifications as mail where mail.status in ('queued', 'sending') and mail.next_attempt_at <= now()
    union all
    select case mail.status when 'failed' then 'mail_failed' else 'mail_suppressed' end, '', count(*), null, ''
    from public.notifications as mail
    where mail.status in ('failed', 'bounced', 'suppressed') and mail.next_attempt_at > now() - interval '1 day'
    group by 1
    union all
    select 'account_deletions', '', private.minutes_since(min(deletion.due_at)), null,
      format('%s waiting', count(*))
        || coalesce(': ' || string_agg(distinct deletion.last_error, ', '), '')
    from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
    union all
    select 'file_removals', '', private.minutes_since(min(removal.created_at)), null,
      format('%s queued', count(*)) || coalesce(': ' || string_agg(distinct removal.last_error, ', '), '')
    from private.file_removals as removal
    union all
    select 'design_budget', '', round(100 * spent.dollars / nullif(design_budget, 0)), null,
      format('$%s of $%s this month', round(spent.dollars, 2), coalesce(design_budget::text, '?'))
    from (
      select (coalesce((
        select book.spent_micros from private.design_spending as book
        where book.month = date_trunc('month', now() at time zone 'utc')::date
      ), 0) + coalesce(sum(run.reserved_micros), 0)) / 1000000.0 as dollars from private.design_runs as run
    ) as spent
    union all
    select 'x_reads', '', round(100.0 * spent.posts / nullif(x_posts_a_month, 0)), null,
      format('%s of %s posts this month', spent.posts, coalesce(x_posts_a_month::text, '?'))
    from (
      select coalesce(sum(budget.units), 0) as posts from private.metric_budgets as budget
      where budget.platform = 'twitter' and budget.month = date_trunc('month', now() at time zone 'utc')::date
    ) as spent
    union all
    select 'job', job.subject, job.minutes, job.verdict, job.detail from private.state_of_jobs() as job
  )
  select jsonb_agg(
    jsonb_build_object(
      'item', fact.item, 'subject', fact.subject, 'value', fact.value, 'unit', coalesce(known.unit, fallback.unit),
      'verdict', case
        when fact.verdict = 'alert' or fact.value >= known.alert then 'alert'
        when fact.verdict = 'warn' or fact.value >= known.warn then 'warn'
        else 'ok'
      end,
      'detail', fact.detail
    ) order by fact.item, fact.subject
  )
  from facts as fact
  left join private.state_limits as known on known.item = fact.item
  cross join lateral (
    select case fact.item when 'job' then 'minutes ago' else 'resting' end as unit
  ) as fallback
$$;
comment on function public.get_system_state(numeric, int) is
  'Each thing that an operator looks at, with its verdict: ok, warn or alert. For the monthly budgets: in US dollars, in posts.';

-- Once a token is mended nobody need wait for the rest of its day.
create function public.resume_platform(platform text) returns int
language sql set search_path = '' as $$
  update private.metric_sources as source set blocked_until = null, due_at = least(source.due_at, now())
  where source.platform = $1 and source.blocked_until > now() and source.last_error not in ('gone', 'forbidden');
  with resumed as (
    update private.metric_budgets as budget set not_before = null, reason = null, failures = 0
    where budget.platform = $1 and budget.not_before is not null returning 1
  )
  select count(*)::int from resumed
$$;
comment on function public.resume_platform(text) is 'Has a platform asked again at once; how many of its credentials rested.';

-- What did not arrive lately, out of a log that grows.
create index notifications_undelivered_idx on public.notifications (next_attempt_at)
  where status in ('failed', 'bounced', 'suppressed');

-- Somebody has to hear of it: it looks, and reports what is not as it should be.
insert into private.cron_jobs (name, schedule, path) values ('watchSystem', '*/5 * * * *', 'watchSystem');

-- The thresholds are the operators', in SQL; what became of them is told to services alone.
alter table private.state_limits enable row level security;

create policy "nobody through the API" on private.state_limits for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.state_limits from anon, authenticated, service_role;

revoke all on function private.state_of_platforms() from public;
revoke all on function public.get_system_state(numeric, int) from public, anon, authenticated;
grant execute on function public.get_system_state(numeric, int) to service_role;
revoke all on function public.resume_platform(text) from public, anon, authenticated;
grant execute on function public.resume_platform(text) to service_role;
