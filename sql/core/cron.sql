-- What runs by itself, and when: the one schedule, for pg_cron on hosted Supabase and for local/stack/cron.py elsewhere.

create table private.cron_jobs (
  name text primary key check (name ~ '^[A-Za-z0-9_-]{1,60}$'),
  -- The part of pg_cron's syntax that cron libraries read alike: five fields of numbers (UTC), or so many seconds.
  schedule text not null check (schedule ~ '^([0-9*,/-]+ ){4}[0-9*,/-]+$|^([1-9]|[1-5][0-9]) seconds$'),
  path text not null check (path ~ '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$'),
  body jsonb not null default '{}',
  enabled boolean not null default true,
  since timestamptz not null default now()
);
comment on table private.cron_jobs is 'Which functions are called regularly, and when: the one schedule.';
comment on column private.cron_jobs.schedule is 'As pg_cron takes it, in UTC.';
comment on column private.cron_jobs.path is 'Below /functions/v1/.';
comment on column private.cron_jobs.since is 'From then on its runs are waited for.';

-- The key is read from the Vault at each call, and so stands in no job's text. Waits as long as Supabase lets a function
-- work: with pg_net's own few seconds, longer work would be cut off. Bound late: a database without pg_net and Vault
-- takes this too.
create function private.call_function(path text, body jsonb default '{}', job text default null) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp as $$
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

-- Makes pg_cron's jobs what the schedule says, however often it is run. Only jobs of this prefix are ours.
create function private.apply_cron_jobs() returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
comment on function private.apply_cron_jobs() is
  'Makes pg_cron''s jobs what private.cron_jobs says; says by a notice where there is no pg_cron, pg_net or Vault.';

-- A change of the schedule takes effect with its transaction.
create function private.apply_changed_cron_jobs() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform private.apply_cron_jobs();
  return null;
end
$$;
comment on function private.apply_changed_cron_jobs() is 'Trigger: applies the schedule when it changes.';

create trigger apply_cron_jobs after insert or update or delete or truncate on private.cron_jobs
  for each statement execute function private.apply_changed_cron_jobs();

insert into private.cron_jobs (name, schedule, path) values ('refreshSocialMetrics', '*/5 * * * *', 'refreshSocialMetrics');
