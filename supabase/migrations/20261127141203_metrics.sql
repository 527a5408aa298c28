-- Metrics, number 3 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/metrics/metric_sources.sql

-- What is to be asked of which platform, and when: one row for each project and platform that the project links to.

create table private.metric_sources (
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  reference text not null,
  platform_id text check (char_length(platform_id) <= 200),
  state text not null default 'active' check (state in ('active', 'gone', 'forbidden', 'paused')),
  due_at timestamptz not null default now(),
  lease_id uuid,
  leased_until timestamptz,
  blocked_until timestamptz,
  attempts int not null default 0,
  last_error text check (char_length(last_error) <= 200),
  since timestamptz,
  primary key (project_id, platform)
);
comment on table private.metric_sources is 'What is asked of which platform, and when; kept in step with the links.';
comment on column private.metric_sources.reference is
  'What the link names: owner/name at GitHub, the post''s number at X, its URN at LinkedIn.';
comment on column private.metric_sources.platform_id is 'The platform''s own lasting id, which survives a renaming.';
comment on column private.metric_sources.state is
  'gone and forbidden were confirmed twice and are asked ever more rarely; paused (neither published nor unlisted) is asked on demand only.';
comment on column private.metric_sources.due_at is 'When the daily refresh takes it next; a lease moves it to its own end.';
comment on column private.metric_sources.lease_id is 'The lease that is valid until leased_until; a worker that lost it cannot record.';
comment on column private.metric_sources.blocked_until is 'After a failure: until then nobody asks, on demand neither.';
comment on column private.metric_sources.since is
  'When the link was changed: older snapshots are of something else, and not the project''s numbers. Null: never.';
comment on column private.metric_sources.attempts is 'Failures in a row with last_error.';

-- What the daily refresh takes next.
create index metric_sources_due_idx on private.metric_sources (platform, due_at) where state <> 'paused';

-- The links are checked on the way in: this only picks the part that counts.
create function private.metric_reference(platform text, link text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case platform
    when 'github' then regexp_replace(substring(link from '^https://github\.com/([^/]+/[^/?]+)'), '([^/])\.git$', '\1')
    when 'twitter' then substring(link from '/status/([0-9]+)')
    -- The words of a title stand before the number and may look like one ("share-5-tips"): the last counts.
    when 'linkedin' then regexp_replace(
      split_part(link, '?', 1),
      '^.*(?:urn:li:(activity|share|ugcPost):([0-9]+)|-(activity|share|ugcPost)-([0-9]+)-[A-Za-z0-9_-]+)/?$',
      'urn:li:\1\3:\2\4'
    )
  end
$$;
comment on function private.metric_reference(text, text) is 'What a link names on its platform.';

-- A stable hour and second for each source spread the load evenly over the day. The last hour stays free: a source that
-- waits a little there is still recorded on its own day, so that no day is skipped.
create function private.next_metric_due(project_id uuid, platform text) returns timestamptz
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin -- plpgsql: half the time of SQL, and it is asked for each source
  return (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    + make_interval(secs => (uuid_hash_extended(project_id, hashtext(platform)) & 9223372036854775807) % 82800);
end
$$;
comment on function private.next_metric_due(uuid, text) is 'Tomorrow (UTC), at the second that is this source''s own.';

-- A new link is due at once; a changed one starts again, and what was asked about the old one cannot be recorded any more,
-- nor shown as this one's: the clock is read after the locks are taken, when nothing of the old one can come any more. A
-- removed one is asked no more. Publishing and archiving leave a source's times alone, else an owner could have the
-- platforms asked at will. The history stays in social_metrics. Definer, because users write projects.
create function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  schedule constant text := case when new.status in ('published', 'unlisted') then 'active' else 'paused' end;
begin
  -- In the order in which a claim locks them, so that the two cannot block each other for good.
  perform from private.metric_sources as source where source.project_id = new.id order by source.platform for update;

  delete from private.metric_sources as source
  where source.project_id = new.id and case source.platform
    when 'github' then new.github_link
    when 'linkedin' then new.linkedin_link
    when 'twitter' then new.twitter_link
  end is null;

  insert into private.metric_sources as source (project_id, platform, reference, state, since)
  select new.id, linked.platform, private.metric_reference(linked.platform, linked.link), schedule,
    case tg_op when 'UPDATE' then clock_timestamp() end
  from (
    values ('github', new.github_link), ('linkedin', new.linkedin_link), ('twitter', new.twitter_link)
  ) as linked (platform, link)
  where linked.link is not null
  on conflict (project_id, platform) do update set
    reference = excluded.reference,
    platform_id = null,
    state = excluded.state,
    due_at = now(),
    lease_id = null,
    leased_until = null,
    blocked_until = null,
    attempts = 0,
    last_error = null,
    since = excluded.since
  where source.reference <> excluded.reference;

  update private.metric_sources as source set state = schedule
  where source.project_id = new.id and (source.state = 'paused') <> (schedule = 'paused');
  return null;
end
$$;
comment on function private.sync_metric_sources() is 'Trigger: keeps the sources in step with a project''s links.';

create trigger sync_metric_sources_of_new after insert on public.projects
  for each row when (coalesce(new.github_link, new.linkedin_link, new.twitter_link) is not null)
  execute function private.sync_metric_sources();
create trigger sync_metric_sources after update on public.projects
  for each row when (
    (old.github_link, old.linkedin_link, old.twitter_link, old.status)
    is distinct from (new.github_link, new.linkedin_link, new.twitter_link, new.status)
  )
  execute function private.sync_metric_sources();

-- sql/metrics/social_metrics.sql

-- What projects earn on other platforms: one snapshot a day for each project and platform.

create table public.social_metrics (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  platform text not null
    constraint social_metrics_platform_choices check (platform in ('linkedin', 'github', 'twitter')),
  likes int not null default 0 constraint social_metrics_likes_range check (likes >= 0),
  comments int not null default 0 constraint social_metrics_comments_range check (comments >= 0),
  stars int not null default 0 constraint social_metrics_stars_range check (stars >= 0),
  forks int not null default 0 constraint social_metrics_forks_range check (forks >= 0),
  watchers int not null default 0 constraint social_metrics_watchers_range check (watchers >= 0),
  retweets int not null default 0 constraint social_metrics_retweets_range check (retweets >= 0),
  replies int not null default 0 constraint social_metrics_replies_range check (replies >= 0),
  recorded_at date not null default (now() at time zone 'utc')::date,
  as_of timestamptz not null default now(),
  unique (project_id, platform, recorded_at) -- serves the foreign key and the latest snapshot too
);
comment on table public.social_metrics is
  e'Daily snapshots of likes, stars and the like; written by handlers.\n'
  '@graphql({"name": "SocialMetric"})';
comment on constraint social_metrics_project_id_fkey on public.social_metrics is
  '@graphql({"local_name": "metrics", "foreign_name": "project"})';
comment on column public.social_metrics.recorded_at is 'The day (UTC) of the snapshot.';
comment on column public.social_metrics.as_of is 'When the platform was asked.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint social_metrics_platform_choices on public.social_metrics is 'Platform must be linkedin, github or twitter.';
comment on constraint social_metrics_likes_range on public.social_metrics is 'Likes must be 0 or more.';
comment on constraint social_metrics_comments_range on public.social_metrics is 'Comments must be 0 or more.';
comment on constraint social_metrics_stars_range on public.social_metrics is 'Stars must be 0 or more.';
comment on constraint social_metrics_forks_range on public.social_metrics is 'Forks must be 0 or more.';
comment on constraint social_metrics_watchers_range on public.social_metrics is 'Watchers must be 0 or more.';
comment on constraint social_metrics_retweets_range on public.social_metrics is 'Retweets must be 0 or more.';
comment on constraint social_metrics_replies_range on public.social_metrics is 'Replies must be 0 or more.';

-- What the project's links have now: nothing of those that were removed or changed, whose days are history. Definer, since
-- only handlers see the sources; get_project_metrics asks for a project that its caller may open. One look into the index for
-- each platform, however long the history.
create function private.current_metrics(project_id uuid) returns setof public.social_metrics
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select latest.*
  from private.metric_sources as source
  cross join lateral (
    select * from public.social_metrics as metric
    where metric.project_id = source.project_id and metric.platform = source.platform
    order by metric.recorded_at desc
    limit 1
  ) as latest
  where source.project_id = $1 and coalesce(latest.as_of >= source.since, true)
$$;
comment on function private.current_metrics(uuid) is 'The latest snapshot of each link of a project.';

-- sql/metrics/metric_budgets.sql

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

-- sql/metrics/metric_user_quotas.sql

-- What was asked for each user today where a platform bills each post, so that nobody spends what is everybody's.

create table private.metric_user_quotas (
  user_id uuid not null references private.users (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  day date not null,
  units int not null default 0 check (units >= 0),
  primary key (user_id, platform)
);
comment on table private.metric_user_quotas is
  'What was asked about each user''s links of a platform that bills each post, however often they changed them.';
comment on column private.metric_user_quotas.units is 'Posts asked about on `day` (UTC).';

-- The owners of these projects whose shares can be counted now; theirs are locked, in one order. A user who is being deleted
-- is left out: with sources locked already, to wait for that could block both for good.
create function private.lock_metric_user_quotas(platform text, projects uuid[]) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners constant uuid[] := array(
    select profile.id from private.users as profile
    where profile.id in (select project.user_id from public.projects as project where project.id = any (projects))
    for key share skip locked
  );
begin
  insert into private.metric_user_quotas as share (user_id, platform, day)
  select owner, lock_metric_user_quotas.platform, (now() at time zone 'utc')::date
  from unnest(owners) as owner order by owner
  on conflict (user_id, platform) do update set day = excluded.day, units = 0 where share.day < excluded.day;
  return owners;
end
$$;
comment on function private.lock_metric_user_quotas(text, uuid[]) is
  'Locks what was asked today for the owners of these projects; returns who they are.';

-- Those of these projects, in their order, that their owners have something left for today.
create function private.within_metric_user_quotas(platform text, projects uuid[], units_per_user int) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  if units_per_user is null then
    return projects;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  return array(
    select counted.id from (
      select project.id, asked.place,
        share.units + row_number() over (partition by project.user_id order by asked.place) as units
      from unnest(projects) with ordinality as asked (id, place)
      join public.projects as project on project.id = asked.id
      join private.metric_user_quotas as share
        on share.user_id = project.user_id and share.platform = within_metric_user_quotas.platform
      where project.user_id = any (owners)
    ) as counted
    where counted.units <= units_per_user order by counted.place
  );
end
$$;
comment on function private.within_metric_user_quotas(text, uuid[], int) is
  'Those of these projects that may still be asked about today, in their order; all where there is no limit.';

create function private.count_metric_user_quotas(platform text, projects uuid[], units_each int) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  -- Where nobody has a share, nothing is counted.
  if not exists (
    select from public.projects as project
    join private.metric_user_quotas as share
      on share.user_id = project.user_id and share.platform = count_metric_user_quotas.platform
    where project.id = any (projects)
  ) then
    return;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  update private.metric_user_quotas as share set units = greatest(0, share.units + units_each * asked.number)
  from (
    select project.user_id, count(*)::int as number from public.projects as project
    where project.id = any (projects) and project.user_id = any (owners) group by project.user_id
  ) as asked
  where share.platform = count_metric_user_quotas.platform and share.user_id = asked.user_id;
end
$$;
comment on function private.count_metric_user_quotas(text, uuid[], int) is
  'Adds to what was asked today for the owners of these projects, or gives it back.';

-- sql/metrics/metric_leases.sql

-- The right to ask a platform about a project, for a time: many at once for the daily refresh, one for a visitor.

-- Due sources and the budget to ask about them, together or not at all. SKIP LOCKED lets any number of workers pass each
-- other; a lease that is not recorded becomes due again at its end. What is more than a user's share of a day is put off:
-- it comes first tomorrow, in any order, so that each of their links is refreshed in time, and nobody else waits behind them.
create function public.lease_metric_sources(
  platform text, credentials text[], sources int, batch int, lease_seconds int, units_a_month int default null,
  units_per_user int default null
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  due uuid[];
  fitting uuid[];
  budget record;
  put_off int;
  lease constant uuid := gen_random_uuid();
  leased jsonb := '[]';
begin
  select array_agg(candidate.project_id) into due from (
    select source.project_id from private.metric_sources as source
    where source.platform = lease_metric_sources.platform and source.state <> 'paused' and source.due_at <= now()
    order by source.due_at limit sources
    for update skip locked
  ) as candidate;
  if due is null then
    return jsonb_build_object('sources', '[]'::jsonb);
  end if;

  fitting := private.within_metric_user_quotas(platform, due, units_per_user);
  if fitting <> '{}' then
    select * into budget from private.reserve_metric_budget(
      platform, credentials, ceil(cardinality(fitting)::numeric / batch)::int, cardinality(fitting), units_a_month
    );
    if budget.credential is null then
      return jsonb_build_object('sources', '[]'::jsonb, 'not_before', budget.not_before, 'reason', budget.reason);
    end if;
  end if;

  update private.metric_sources as source set
    due_at = ((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc' + random() * interval '1 second'
  where source.platform = lease_metric_sources.platform
    and source.project_id = any (due) and source.project_id <> all (fitting);
  get diagnostics put_off = row_count;
  if fitting = '{}' then
    return jsonb_build_object('sources', leased, 'put_off', put_off);
  end if;

  fitting := fitting[:budget.granted];
  if units_per_user is not null then
    perform private.count_metric_user_quotas(platform, fitting, 1);
  end if;
  with taken as (
    update private.metric_sources as source set
      lease_id = lease,
      leased_until = now() + make_interval(secs => lease_seconds),
      due_at = now() + make_interval(secs => lease_seconds)
    where source.platform = lease_metric_sources.platform and source.project_id = any (fitting)
    returning source.project_id, source.reference, source.platform_id
  )
  select jsonb_agg(jsonb_build_object(
    'project_id', taken.project_id, 'reference', taken.reference, 'platform_id', taken.platform_id
  )) into leased from taken;
  return jsonb_build_object(
    'lease_id', lease, 'credential', budget.credential, 'sources', leased, 'put_off', put_off
  );
end
$$;
comment on function public.lease_metric_sources(text, text[], int, int, int, int, int) is
  'Due sources, the lease on them and the credential to ask with; no sources and the reason where none may be asked.';

-- On demand: each platform of one project, where nobody else is asking, no failure is being waited out, no fresh snapshot
-- has come meanwhile, and the owner's share and the budget allow it. X is billed by post and day: once a day is enough.
create function public.lease_project_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  claims jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = lease_project_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = lease_project_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    if latest.as_of < source.since then
      latest := null;
    end if;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      claims := claims || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_user_quotas(
      asked.key, array[source.project_id], (asked.value ->> 'units_per_user')::int
    ) = '{}' then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.reserve_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_user_quotas(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      claims := claims || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return claims;
end
$$;
comment on function public.lease_project_metric_sources(uuid, jsonb, int, int) is
  'For each platform: a lease, or the snapshot that came meanwhile, or the reason why it is not to be asked now.';

-- What is left for the next run.
create function public.count_due_metric_sources() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(jsonb_object_agg(due.platform, due.number), '{}') from (
    select source.platform, count(*) as number from private.metric_sources as source
    where source.state <> 'paused' and source.due_at <= now() group by source.platform
  ) as due
$$;
comment on function public.count_due_metric_sources() is 'How many sources are due, by platform.';

-- sql/metrics/metric_results.sql

-- What came of asking: snapshots, the sources' next times and the budget, in one transaction.

-- Only what the lease still holds counts: a source whose lease ran out or whose link changed is somebody else's by now.
-- A platform that gave no answer leaves no snapshot, never a zero.
create function public.record_metrics(platform text, lease_id uuid, credential text, results jsonb, usage jsonb)
returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  summary jsonb;
  returned uuid[];
begin
  if exists (
    select from jsonb_array_elements(results) as result
    where coalesce(result ->> 'failure', result ->> 'likes', result ->> 'stars') is null
  ) then
    raise exception using errcode = 'invalid_parameter_value', message = 'an answer without numbers is no answer';
  end if;

  -- Everybody locks projects before sources before shares before budgets, so that none can block each other for good. By
  -- an array: the planner cannot tell how long a JSON list is, and would rather read all projects.
  perform from public.projects as project
  where project.id = any (array(select (result ->> 'project_id')::uuid from jsonb_array_elements(results) as result))
  order by project.id for key share;

  with answer as materialized (
    select source.platform, source.state, source.attempts, source.last_error, result.*
    from jsonb_to_recordset(results) as result (
      project_id uuid, platform_id text, failure text,
      likes int, comments int, stars int, forks int, watchers int, retweets int, replies int
    )
    join private.metric_sources as source
      on source.project_id = result.project_id and source.platform = record_metrics.platform
      and source.lease_id = record_metrics.lease_id
    order by source.project_id
    for update of source
  ),
  snapshot as (
    insert into public.social_metrics as today
      (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, as_of)
    select
      answer.project_id, answer.platform, coalesce(answer.likes, 0), coalesce(answer.comments, 0),
      coalesce(answer.stars, 0), coalesce(answer.forks, 0), coalesce(answer.watchers, 0),
      coalesce(answer.retweets, 0), coalesce(answer.replies, 0), now()
    from answer where answer.failure is null
    on conflict (project_id, platform, recorded_at) do update set
      likes = excluded.likes, comments = excluded.comments, stars = excluded.stars, forks = excluded.forks,
      watchers = excluded.watchers, retweets = excluded.retweets, replies = excluded.replies, as_of = excluded.as_of
    where excluded.as_of >= today.as_of
  ),
  answered as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      platform_id = coalesce(answer.platform_id, source.platform_id),
      state = case when source.state = 'paused' then 'paused' else 'active' end,
      attempts = 0,
      last_error = null,
      due_at = private.next_metric_due(source.project_id, source.platform),
      blocked_until = null
    from answer
    where answer.failure is null and source.project_id = answer.project_id and source.platform = answer.platform
  ),
  failed as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      -- A lost id is looked for by name the next time.
      platform_id = case when answer.failure <> 'gone' then source.platform_id end,
      state = case when source.state = 'paused' then 'paused' else next.state end,
      attempts = next.attempts,
      last_error = next.error,
      due_at = next.due_at,
      blocked_until = case when answer.failure <> 'returned' then next.due_at end
    from answer cross join lateral private.next_metric_state(
      answer.failure, answer.state, answer.attempts, answer.last_error
    ) as next
    where answer.failure is not null and source.project_id = answer.project_id and source.platform = answer.platform
  )
  select jsonb_build_object(
    'as_of', now(),
    'recorded', count(*) filter (where answer.failure is null),
    'gone', count(*) filter (where answer.failure = 'gone'),
    'forbidden', count(*) filter (where answer.failure = 'forbidden'),
    'failed', count(*) filter (where answer.failure = 'unavailable'),
    'returned', count(*) filter (where answer.failure = 'returned')
  ), array_agg(answer.project_id) filter (where answer.failure = 'returned')
  into summary, returned from answer;

  if returned is not null then
    perform private.count_metric_user_quotas(platform, returned, -1);
  end if;

  perform private.settle_metric_budget(platform, credential, usage);
  return summary;
end
$$;
comment on function public.record_metrics(text, uuid, text, jsonb, jsonb) is
  'Stores a batch of answers and failures under a lease, and what the platform said of its limits; returns counts.';

-- What a source is after a failure. gone and forbidden need a second opinion an hour later and are then asked after
-- 1, 2, 4 ... 30 days; what may pass is tried again with full jitter; what was returned without being asked is due again
-- at once.
create function private.next_metric_state(
  failure text, state text, attempts int, last_error text,
  out state text, out attempts int, out error text, out due_at timestamptz
)
language sql volatile set search_path = pg_catalog, pg_temp as $$
  select
    case when $1 in ('gone', 'forbidden') and $4 = $1 then $1 else $2 end,
    case when $1 = 'returned' then $3 when $4 = $1 then $3 + 1 else 1 end,
    case when $1 = 'returned' then $4 else $1 end,
    case
      when $1 = 'returned' then now()
      when $1 in ('gone', 'forbidden') and $4 = $1 then now() + least(30, 2 ^ least($3 - 1, 5)) * interval '1 day'
      when $1 in ('gone', 'forbidden') then now() + interval '1 hour'
      else
        now() + interval '30 seconds' + random()
          * (least(360, 2 ^ least(case when $4 = $1 then $3 else 0 end, 9)) - 0.5) * interval '1 minute'
    end
$$;
comment on function private.next_metric_state(text, text, int, text) is
  'The state, failures in a row, error and next time of a source after a failure.';

-- sql/metrics/project_metrics.sql

-- The numbers of one project, in one round trip: what platforms count, and for its owner what we count ourselves.

-- Definer: an unlisted project is open to a caller who knows its id, which no policy can say.
create function public.get_project_metrics(project_id uuid, history_days int default 0) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'id', project.id,
    'user_id', project.user_id,
    'title', project.title,
    'status', project.status,
    'github_link', project.github_link,
    'linkedin_link', project.linkedin_link,
    'twitter_link', project.twitter_link,
    'snapshots', coalesce(
      (
        select jsonb_agg(to_jsonb(latest) - 'id' - 'project_id' order by latest.platform)
        from private.current_metrics(project.id) as latest
      ),
      '[]'::jsonb
    ),
    'history', coalesce(
      (
        select jsonb_agg(to_jsonb(metric) - 'id' - 'project_id' order by metric.recorded_at, metric.platform)
        from public.social_metrics as metric
        where history_days > 0 and metric.project_id = project.id
          and metric.recorded_at > (now() at time zone 'utc')::date - history_days
      ),
      '[]'::jsonb
    ),
    'views', case when project.user_id = (select auth.uid()) or current_setting('role') = 'service_role' then (
      select jsonb_build_object(
        'total', coalesce(sum(viewed.views), 0),
        'history', coalesce(
          jsonb_agg(jsonb_build_object('day', viewed.day, 'views', viewed.views) order by viewed.day)
            filter (where viewed.day > (now() at time zone 'utc')::date - history_days),
          '[]'::jsonb
        )
      ) from public.project_views as viewed where viewed.project_id = project.id
    ) end
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id and private.can_open_project(project)
$$;
comment on function public.get_project_metrics(uuid, int) is
  'A project''s links, its latest snapshot of each platform, the last history_days days, and its views where the caller is its '
  'owner; null if the caller may not see the project.';

-- policies/metrics.sql

-- Who may read, write and call what of metrics: row-level security, and grants by column where a row mixes public and private.

-- Handlers only, and through their RPCs.
alter table private.metric_sources enable row level security;

create policy "handlers keep the sources" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function private.metric_reference(text, text) from public;
revoke all on function private.next_metric_due(uuid, text) from public;
revoke all on function private.sync_metric_sources() from public;
grant execute on function private.next_metric_due(uuid, text) to service_role;

-- As visible as their project; only handlers write.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.social_metrics enable row level security;

create policy "as visible as the project" on public.social_metrics for select to anon, authenticated
  using ((select true from public.projects where projects.id = social_metrics.project_id));

revoke all on table public.social_metrics from anon, authenticated, service_role;
grant select on table public.social_metrics to anon, authenticated, service_role;
grant insert, update, delete on table public.social_metrics to service_role;

-- latest_metrics runs as its caller.
revoke all on function private.current_metrics(uuid) from public;
grant execute on function private.current_metrics(uuid) to anon, authenticated, service_role;

-- Handlers only, and through their RPCs.
alter table private.metric_budgets enable row level security;

create policy "handlers keep the budgets" on private.metric_budgets for all to service_role
  using (true) with check (true);

revoke all on table private.metric_budgets from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_budgets to service_role;

revoke all on function private.reserve_metric_budget(text, text[], int, int, int) from public;
revoke all on function private.settle_metric_budget(text, text, jsonb) from public;
grant execute on function private.reserve_metric_budget(text, text[], int, int, int) to service_role;
grant execute on function private.settle_metric_budget(text, text, jsonb) to service_role;

-- Handlers only, and through their RPCs.
alter table private.metric_user_quotas enable row level security;

create policy "handlers count the shares" on private.metric_user_quotas for all to service_role
  using (true) with check (true);

revoke all on table private.metric_user_quotas from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_user_quotas to service_role;

revoke all on function private.lock_metric_user_quotas(text, uuid[]) from public;
revoke all on function private.within_metric_user_quotas(text, uuid[], int) from public;
revoke all on function private.count_metric_user_quotas(text, uuid[], int) from public;
grant execute on function private.lock_metric_user_quotas(text, uuid[]) to service_role;
grant execute on function private.within_metric_user_quotas(text, uuid[], int) to service_role;
grant execute on function private.count_metric_user_quotas(text, uuid[], int) to service_role;

-- Handlers only.
revoke all on function public.lease_metric_sources(text, text[], int, int, int, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.lease_project_metric_sources(uuid, jsonb, int, int) from public, anon, authenticated, service_role;
revoke all on function public.count_due_metric_sources() from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int, int) to service_role;
grant execute on function public.lease_project_metric_sources(uuid, jsonb, int, int) to service_role;
grant execute on function public.count_due_metric_sources() to service_role;

-- Handlers only.
revoke all on function public.record_metrics(text, uuid, text, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.record_metrics(text, uuid, text, jsonb, jsonb) to service_role;

revoke all on function private.next_metric_state(text, text, int, text) from public;
grant execute on function private.next_metric_state(text, text, int, text) to service_role;

-- Who may open a project reads its numbers; only its owner, and a service, its views.
revoke all on function public.get_project_metrics(uuid, int) from public, anon, authenticated, service_role;
grant execute on function public.get_project_metrics(uuid, int) to anon, authenticated, service_role;

reset check_function_bodies;
