-- The database's owner and pg_cron alone: nobody through the API, and no handler either.
alter table private.cron_jobs enable row level security;

create policy "nobody through the API" on private.cron_jobs for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.cron_jobs from anon, authenticated, service_role;

revoke all on function private.call_function(text, jsonb, text) from public;
revoke all on function private.apply_cron_jobs() from public;
revoke all on function private.apply_changed_cron_jobs() from public;
