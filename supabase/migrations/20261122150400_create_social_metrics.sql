-- What projects earn on other platforms: one snapshot a day for each project and platform.

create table public.social_metrics (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  likes int not null default 0 check (likes >= 0),
  comments int not null default 0 check (comments >= 0),
  stars int not null default 0 check (stars >= 0),
  forks int not null default 0 check (forks >= 0),
  watchers int not null default 0 check (watchers >= 0),
  retweets int not null default 0 check (retweets >= 0),
  replies int not null default 0 check (replies >= 0),
  recorded_at date not null default (now() at time zone 'utc')::date,
  as_of timestamptz not null default now(),
  unique (project_id, platform, recorded_at) -- serves the foreign key and the latest snapshot too
);
comment on table public.social_metrics is 'Daily snapshots of likes, stars and the like; written by handlers.';
comment on column public.social_metrics.recorded_at is 'The day (UTC) of the snapshot.';
comment on column public.social_metrics.as_of is 'When the platform was asked.';

-- A project's links and its latest snapshot of each platform, in one round trip. Invoker: the caller's row-level
-- security decides whether there is a project. One look into the index for each platform, however long the history.
create function public.get_project_metrics(project_id uuid) returns jsonb
language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'id', project.id,
    'user_id', project.user_id,
    'status', project.status,
    'github_link', project.github_link,
    'linkedin_link', project.linkedin_link,
    'twitter_link', project.twitter_link,
    'snapshots', coalesce(
      (
        select jsonb_agg(to_jsonb(latest) - 'id' - 'project_id' order by latest.platform)
        from unnest(array['github', 'linkedin', 'twitter']) as asked (platform)
        cross join lateral (
          select * from public.social_metrics as metric
          where metric.project_id = project.id and metric.platform = asked.platform
          order by metric.recorded_at desc
          limit 1
        ) as latest
      ),
      '[]'::jsonb
    )
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id
$$;
comment on function public.get_project_metrics(uuid) is
  'A project''s links and its latest snapshot of each platform; null if the caller cannot see the project.';

-- As visible as their project; only handlers write.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.social_metrics enable row level security;

create policy "as visible as the project" on public.social_metrics for select to anon, authenticated
  using ((select true from public.projects where projects.id = social_metrics.project_id));

revoke all on table public.social_metrics from anon, authenticated, service_role;
grant select on table public.social_metrics to anon, authenticated, service_role;
grant insert, update, delete on table public.social_metrics to service_role;

revoke all on function public.get_project_metrics(uuid) from public, anon, authenticated, service_role;
grant execute on function public.get_project_metrics(uuid) to anon, authenticated, service_role;

-- Who is asking a platform about a project at the moment, so that many callers of a stale project make one request.

create table private.metric_sources (
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  leased_until timestamptz,
  last_error text check (char_length(last_error) <= 200),
  updated_at timestamptz not null default now(),
  primary key (project_id, platform)
);
comment on table private.metric_sources is
  'Leases on asking a platform about a project.';
comment on column private.metric_sources.leased_until is 'Until then nobody else asks; null when nobody is asking.';
comment on column private.metric_sources.last_error is
  'Why the last attempt failed; null while one is under way or went well.';

create trigger touch_updated_at before update on private.metric_sources
  for each row execute function private.touch_updated_at();

-- Take the free leases, and say of the others why they are not free. In two statements: the second one sees what those
-- who were faster have written meanwhile.
create function public.claim_metric_sources(project_id uuid, platforms text[], lease_seconds int)
returns table (platform text, claimed boolean, reason text)
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  taken text[];
begin
  with lease as (
    insert into private.metric_sources as source (project_id, platform, leased_until)
    select distinct claim_metric_sources.project_id, asked.name, now() + make_interval(secs => lease_seconds)
    from unnest(platforms) as asked (name)
    order by asked.name -- everybody locks in the same order
    on conflict (project_id, platform) do update
      set leased_until = excluded.leased_until, last_error = null
      where source.leased_until is null or source.leased_until <= now()
    returning source.platform
  )
  select coalesce(array_agg(lease.platform), '{}') into taken from lease;

  return query
    select
      source.platform,
      source.platform = any (taken),
      case when source.platform <> all (taken) then coalesce(source.last_error, 'refresh_in_progress') end
    from private.metric_sources as source
    where source.project_id = claim_metric_sources.project_id and source.platform = any (platforms)
    order by source.platform;
end
$$;
comment on function public.claim_metric_sources(uuid, text[], int) is
  'Which of the platforms the caller is to ask now, and why not the others.';

-- A platform answered: today's row, and the lease is free again. Counts that it does not know stay as they are.
create function public.record_metric_snapshot(project_id uuid, platform text, counts jsonb) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  known constant text[] := array['likes', 'comments', 'stars', 'forks', 'watchers', 'retweets', 'replies'];
  stored public.social_metrics;
begin
  if jsonb_typeof(counts) is distinct from 'object' or not known @> array(select jsonb_object_keys(counts)) then
    raise exception 'counts must be an object with no other keys than %.', array_to_string(known, ', ')
      using errcode = 'invalid_parameter_value';
  end if;

  insert into public.social_metrics as today
    (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, as_of)
  values (
    record_metric_snapshot.project_id,
    record_metric_snapshot.platform,
    coalesce((counts ->> 'likes')::int, 0),
    coalesce((counts ->> 'comments')::int, 0),
    coalesce((counts ->> 'stars')::int, 0),
    coalesce((counts ->> 'forks')::int, 0),
    coalesce((counts ->> 'watchers')::int, 0),
    coalesce((counts ->> 'retweets')::int, 0),
    coalesce((counts ->> 'replies')::int, 0),
    now()
  )
  on conflict (project_id, platform, recorded_at) do update set
    likes = coalesce((counts ->> 'likes')::int, today.likes),
    comments = coalesce((counts ->> 'comments')::int, today.comments),
    stars = coalesce((counts ->> 'stars')::int, today.stars),
    forks = coalesce((counts ->> 'forks')::int, today.forks),
    watchers = coalesce((counts ->> 'watchers')::int, today.watchers),
    retweets = coalesce((counts ->> 'retweets')::int, today.retweets),
    replies = coalesce((counts ->> 'replies')::int, today.replies),
    as_of = excluded.as_of
  returning today.* into stored;

  update private.metric_sources as source set leased_until = null, last_error = null
  where source.project_id = stored.project_id and source.platform = stored.platform;

  return to_jsonb(stored) - 'id' - 'project_id';
end
$$;
comment on function public.record_metric_snapshot(uuid, text, jsonb) is
  'Stores today''s counts of a platform, frees the lease, and returns the row.';

-- A platform failed: nobody asks it again before it is time.
create function public.fail_metric_source(project_id uuid, platform text, reason text, retry_after_seconds int)
returns void
language sql set search_path = '' as $$
  insert into private.metric_sources as source (project_id, platform, leased_until, last_error)
  values (
    fail_metric_source.project_id,
    fail_metric_source.platform,
    now() + make_interval(secs => retry_after_seconds),
    left(reason, 200)
  )
  on conflict (project_id, platform) do update
    set leased_until = excluded.leased_until, last_error = excluded.last_error
$$;
comment on function public.fail_metric_source(uuid, text, text, int) is
  'Keeps why a platform could not be asked, and until when it is left alone.';

-- Handlers only.
alter table private.metric_sources enable row level security;

create policy "handlers keep the leases" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function public.claim_metric_sources(uuid, text[], int) from public, anon, authenticated, service_role;
revoke all on function public.record_metric_snapshot(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.fail_metric_source(uuid, text, text, int) from public, anon, authenticated, service_role;
grant execute on function public.claim_metric_sources(uuid, text[], int) to service_role;
grant execute on function public.record_metric_snapshot(uuid, text, jsonb) to service_role;
grant execute on function public.fail_metric_source(uuid, text, text, int) to service_role;
