-- Sources to be put off were looked for at each lease, also where all of them fit.
create or replace function public.lease_metric_sources(
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
