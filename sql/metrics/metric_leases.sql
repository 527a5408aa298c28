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
  put_off int := 0;
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

  if cardinality(fitting) < cardinality(due) then
    update private.metric_sources as source set
      due_at = ((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc' + random() * interval '1 second'
    where source.platform = lease_metric_sources.platform
      and source.project_id = any (due) and source.project_id <> all (fitting);
    get diagnostics put_off = row_count;
  end if;
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
  answers jsonb := '[]';
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
      answers := answers || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_user_quotas(
      asked.key, array[source.project_id], (asked.value ->> 'units_per_user')::int
    ) = '{}' then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.reserve_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      answers := answers || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_user_quotas(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      answers := answers || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return answers;
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
