-- A request to the design assistant, from before money is spent to after its answer.

-- Counts the request, reserves what it can cost and opens its session: all of it or none, in one round trip.
-- Returns the session, or why not and when to come back.
create function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  until_tomorrow constant int := ceil(extract(epoch from ((today + 1) at time zone 'utc' - now())));
  until_next_month constant int :=
    ceil(extract(epoch from ((this_month + interval '1 month') at time zone 'utc' - now())));
  daily int;
  usage private.design_usage;
  lost private.design_runs;
  session uuid;
begin
  -- Who is being deleted has gone when this goes on, or is deleted after it: what is counted here is not lost between.
  select allowed.designs_per_day into daily
  from private.users as profile join public.tier_limits as allowed on allowed.tier = profile.tier
  where profile.id = begin_design.user_id for key share of profile;
  if not found then
    return jsonb_build_object('refused', 'no_profile');
  end if;

  -- One at a time from here on: two requests must not both take what is left of the month.
  insert into private.design_spending (month) values (this_month) on conflict do nothing;
  perform from private.design_spending where month = this_month for update;

  -- A handler that was killed settles nothing: after a quarter of an hour its run counts as failed, at full cost.
  for lost in
    select * from private.design_runs where started_at < now() - interval '15 minutes' for update skip locked
  loop
    perform private.settle_design_run(lost, lost.reserved_micros, true);
    update public.ai_sessions set status = 'failed', error_code = 'abandoned', completed_at = now()
    where id = lost.session_id and status = 'running';
  end loop;

  insert into private.design_usage as usage (user_id, day, used, attempts)
  values (begin_design.user_id, today, 0, 0)
  on conflict do nothing;
  update private.design_usage set used = used + 1, attempts = attempts + 1
  where user_id = begin_design.user_id and day = today and used < daily and attempts < 4 * daily
  returning * into usage;
  if not found then
    return jsonb_build_object('refused', 'quota_exceeded', 'limit', daily, 'retry_after', until_tomorrow);
  end if;
  if (select spent_micros from private.design_spending where month = this_month)
    + (select coalesce(sum(reserved_micros), 0) from private.design_runs) + cost_micros > ceiling_micros
  then
    update private.design_usage set used = used - 1, attempts = attempts - 1
    where user_id = begin_design.user_id and day = today;
    return jsonb_build_object('refused', 'budget_spent', 'limit', daily, 'retry_after', until_next_month);
  end if;

  insert into public.ai_sessions (user_id, project_id, input_json, model)
  values (begin_design.user_id, begin_design.project_id, input, begin_design.model)
  returning id into session;
  insert into private.design_runs (session_id, user_id, reserved_micros)
  values (session, begin_design.user_id, cost_micros);
  return jsonb_build_object(
    'session_id', session, 'limit', daily, 'remaining', daily - usage.used, 'resets_in', until_tomorrow
  );
end
$$;
comment on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) is
  'Counts a request to the assistant, reserves its cost and opens its session; or says why not.';

-- Completes a session, once; a second time changes nothing. `outcome` has status, error_code, output, input_tokens,
-- output_tokens, latency_ms, returned (the design does not count) and, to be stored as the user's, layout (name,
-- template_id). Returns the layout's id.
create function public.finish_design(session_id uuid, cost_micros bigint, outcome jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  run private.design_runs;
  session public.ai_sessions;
  layout uuid;
begin
  select * into run from private.design_runs where session_id = finish_design.session_id for update;
  if not found then
    return jsonb_build_object('layout_id', null, 'settled', false);
  end if;
  perform private.settle_design_run(run, cost_micros, coalesce((outcome ->> 'returned')::boolean, false));

  update public.ai_sessions set
    status = outcome ->> 'status',
    error_code = outcome ->> 'error_code',
    output_json = nullif(outcome -> 'output', 'null'),
    input_tokens = (outcome ->> 'input_tokens')::int,
    output_tokens = (outcome ->> 'output_tokens')::int,
    latency_ms = (outcome ->> 'latency_ms')::int,
    completed_at = now()
  where id = finish_design.session_id
  returning * into session;

  -- The project, the template or the user may have gone meanwhile.
  if found and jsonb_typeof(outcome -> 'layout') = 'object' then
    insert into public.layouts (user_id, project_id, template_id, name, blocks_json)
    values (
      session.user_id,
      (select id from public.projects where id = session.project_id and user_id = session.user_id),
      (select id from public.templates where id = (outcome #>> '{layout,template_id}')::uuid),
      outcome #>> '{layout,name}',
      session.output_json -> 'blocks'
    )
    returning id into layout;
  end if;
  return jsonb_build_object('layout_id', layout, 'settled', true);
end
$$;
comment on function public.finish_design(uuid, bigint, jsonb) is
  'Completes a session of the assistant, settles its cost and stores the design as a layout where that was asked.';
