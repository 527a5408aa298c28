-- Who may read, write and call what of monitoring: row-level security, and grants by column where a row mixes public and private.

-- The database's owner and pg_cron alone: nobody through the API, and no handler either.
alter table private.cron_jobs enable row level security;

create policy "nobody through the API" on private.cron_jobs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.cron_jobs from anon, authenticated, service_role;

revoke all on function private.call_function(text, jsonb, text) from public;
revoke all on function private.apply_cron_jobs() from public;
revoke all on function private.apply_changed_cron_jobs() from public;

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

-- The thresholds are the operators', in SQL; only services read what came of them.
alter table private.state_limits enable row level security;

create policy "nobody through the API" on private.state_limits for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.state_limits from anon, authenticated, service_role;

revoke all on function private.state_of_platforms() from public;
revoke all on function public.get_system_state(numeric, int) from public, anon, authenticated;
grant execute on function public.get_system_state(numeric, int) to service_role;
revoke all on function public.resume_platform(text) from public, anon, authenticated;
grant execute on function public.resume_platform(text) to service_role;
