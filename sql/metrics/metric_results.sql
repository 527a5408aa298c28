-- What came of asking: snapshots, the sources' next times and the budget, in one transaction.

-- Only what is still leased counts: a source whose lease ran out or whose link changed is somebody else's by now.
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
