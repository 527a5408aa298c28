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
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
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
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update private.job_runs as run set
    finished_at = now(), outcome = finish_job_run.outcome, counts = finish_job_run.counts,
    error_code = left(finish_job_run.error_code, 64)
  where run.id = run_id and run.finished_at is null
$$;
comment on function public.finish_job_run(uuid, text, jsonb, text) is 'Notes what became of a run.';

-- Above what any platform lets a function work.
create function private.longest_job_run() returns interval
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select interval '15 minutes'
$$;
comment on function private.longest_job_run() is 'After so long a run that has not finished is lost.';

-- The longest time between two calls of a schedule, rather too long than too short: lists and ranges count as the next unit.
create function private.cron_period(schedule text) returns interval
language sql immutable set search_path = pg_catalog, pg_temp as $$
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
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(round(extract(epoch from now() - moment) / 60), 0)
$$;
comment on function private.minutes_since(timestamptz) is 'Minutes since then; 0 where there is no such moment.';

-- Of the newest three runs that ended, all failed: that does not pass by itself.
create function private.state_of_jobs() returns table (subject text, minutes numeric, verdict text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
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
