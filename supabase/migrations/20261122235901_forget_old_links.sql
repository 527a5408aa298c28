-- Numbers of what a link named before, or of a link that is gone, are history: they were shown as the project's own.

alter table private.metric_sources add column since timestamptz;
comment on column private.metric_sources.since is
  'When the link was changed: older snapshots are of something else, and not the project''s numbers. Null: never.';

create or replace function private.sync_metric_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  schedule constant text := case when new.status = 'published' then 'active' else 'paused' end;
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

create function private.current_metrics(project_id uuid) returns setof public.social_metrics
language sql stable security definer set search_path = '' as $$
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

revoke all on function private.current_metrics(uuid) from public;
grant execute on function private.current_metrics(uuid) to anon, authenticated, service_role;

create or replace function public.get_project_metrics(project_id uuid, history_days int default 0) returns jsonb
language sql stable set search_path = '' as $$
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
    )
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id
$$;

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
