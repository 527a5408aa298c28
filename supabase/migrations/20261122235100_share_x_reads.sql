-- One person with thousands of links, or one who changed a link all day, could spend what everybody has at X in a month.
-- Each has a share of a day now; what is more waits until tomorrow, and nobody else waits behind it.

create table private.metric_shares (
  user_id uuid not null references private.users (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  day date not null,
  units int not null default 0 check (units >= 0),
  primary key (user_id, platform)
);
comment on table private.metric_shares is
  'What was asked about each person''s links of a platform that bills each post, however often they changed them.';
comment on column private.metric_shares.units is 'Posts asked about on `day` (UTC).';

-- The owners of these projects whose shares can be counted now; theirs are locked, in one order. Whoever is being deleted
-- is left out: with sources locked already, to wait for that could block both for good.
create function private.lock_metric_shares(platform text, projects uuid[]) returns uuid[]
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners constant uuid[] := array(
    select person.id from private.users as person
    where person.id in (select project.user_id from public.projects as project where project.id = any (projects))
    for key share skip locked
  );
begin
  insert into private.metric_shares as share (user_id, platform, day)
  select owner, lock_metric_shares.platform, (now() at time zone 'utc')::date
  from unnest(owners) as owner order by owner
  on conflict (user_id, platform) do update set day = excluded.day, units = 0 where share.day < excluded.day;
  return owners;
end
$$;
comment on function private.lock_metric_shares(text, uuid[]) is
  'Locks what was asked today for the owners of these projects; returns who they are.';

-- Those of these projects, in their order, that their owners have something left for today.
create function private.within_metric_shares(platform text, projects uuid[], units_a_person int) returns uuid[]
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  if units_a_person is null then
    return projects;
  end if;
  owners := private.lock_metric_shares(platform, projects);
  return array(
    select counted.id from (
      select project.id, asked.place,
        share.units + row_number() over (partition by project.user_id order by asked.place) as units
      from unnest(projects) with ordinality as asked (id, place)
      join public.projects as project on project.id = asked.id
      join private.metric_shares as share
        on share.user_id = project.user_id and share.platform = within_metric_shares.platform
      where project.user_id = any (owners)
    ) as counted
    where counted.units <= units_a_person order by counted.place
  );
end
$$;
comment on function private.within_metric_shares(text, uuid[], int) is
  'Those of these projects that may still be asked about today, in their order; all where there is no limit.';

create function private.count_metric_shares(platform text, projects uuid[], units_each int) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  -- Where nobody has a share, nothing is counted.
  if not exists (
    select from public.projects as project
    join private.metric_shares as share
      on share.user_id = project.user_id and share.platform = count_metric_shares.platform
    where project.id = any (projects)
  ) then
    return;
  end if;
  owners := private.lock_metric_shares(platform, projects);
  update private.metric_shares as share set units = greatest(0, share.units + units_each * asked.number)
  from (
    select project.user_id, count(*)::int as number from public.projects as project
    where project.id = any (projects) and project.user_id = any (owners) group by project.user_id
  ) as asked
  where share.platform = count_metric_shares.platform and share.user_id = asked.user_id;
end
$$;
comment on function private.count_metric_shares(text, uuid[], int) is
  'Adds to what was asked today for the owners of these projects, or gives it back.';

alter table private.metric_shares enable row level security;

create policy "handlers count the shares" on private.metric_shares for all to service_role
  using (true) with check (true);

revoke all on table private.metric_shares from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_shares to service_role;

revoke all on function private.lock_metric_shares(text, uuid[]) from public;
revoke all on function private.within_metric_shares(text, uuid[], int) from public;
revoke all on function private.count_metric_shares(text, uuid[], int) from public;
grant execute on function private.lock_metric_shares(text, uuid[]) to service_role;
grant execute on function private.within_metric_shares(text, uuid[], int) to service_role;
grant execute on function private.count_metric_shares(text, uuid[], int) to service_role;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  ('metric_shares', 'private.metric_shares', 't.user_id = $1', 't.platform', '{}', true);

drop function public.lease_metric_sources(text, text[], int, int, int, int);

create function public.lease_metric_sources(
  platform text, credentials text[], sources int, batch int, lease_seconds int, units_a_month int default null,
  units_a_person int default null
) returns jsonb
language plpgsql set search_path = '' as $$
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

  fitting := private.within_metric_shares(platform, due, units_a_person);
  if fitting <> '{}' then
    select * into budget from private.take_metric_budget(
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
  if units_a_person is not null then
    perform private.count_metric_shares(platform, fitting, 1);
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

revoke all on function public.lease_metric_sources(text, text[], int, int, int, int, int)
  from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources(text, text[], int, int, int, int, int) to service_role;

create or replace function public.claim_metric_sources(
  project_id uuid, platforms jsonb, lease_seconds int, fresh_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
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
    where s.project_id = claim_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = claim_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
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
    elsif private.within_metric_shares(
      asked.key, array[source.project_id], (asked.value ->> 'units_a_person')::int
    ) = '{}' then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.take_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_shares(asked.key, array[source.project_id], 1);
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

create or replace function public.record_metrics(platform text, lease_id uuid, credential text, results jsonb, usage jsonb)
returns jsonb
language plpgsql set search_path = '' as $$
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
    perform private.count_metric_shares(platform, returned, -1);
  end if;

  perform private.settle_metric_budget(platform, credential, usage);
  return summary;
end
$$;
