-- The weekly digest: what each project earned in seven days, for those who asked for it.

-- Counts are each platform's first one: stars at GitHub, likes elsewhere. A project without a snapshot before the week is
-- not said to have earned everything in it. Who has no numbers gets no e-mail. Run again, it queues nothing twice.
create function public.queue_weekly_metrics(ends date default (now() at time zone 'utc')::date) returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  queued int;
begin
  with number as (
    select project.user_id, project.id as project_id, project.title, platform.name as platform,
      latest.count as now, coalesce(before.count, latest.count) as before
    from public.notification_preferences as preference
    join public.projects as project on project.user_id = preference.user_id
    cross join unnest(array['github', 'linkedin', 'twitter']) as platform (name)
    cross join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends
      order by metric.recorded_at desc limit 1
    ) as latest
    left join lateral (
      select case platform.name when 'github' then metric.stars else metric.likes end as count
      from public.social_metrics as metric
      where metric.project_id = project.id and metric.platform = platform.name and metric.recorded_at <= ends - 7
      order by metric.recorded_at desc limit 1
    ) as before on true
    where preference.type = 'weekly_metrics' and preference.enabled
  ),
  project as (
    select number.user_id, number.title, sum(number.now - number.before) as gained, sum(number.now) as total,
      jsonb_agg(
        jsonb_build_object('platform', number.platform, 'now', number.now, 'before', number.before)
        order by number.platform
      ) as platforms
    from number group by number.user_id, number.project_id, number.title
  ),
  ranked as (
    select project.*, row_number() over (
      partition by project.user_id order by project.gained desc, project.total desc, project.title
    ) as rank
    from project
  ),
  digest as (
    select ranked.user_id, jsonb_build_object(
      'from', ends - 7,
      'to', ends,
      'gained', sum(ranked.gained),
      'more', count(*) filter (where ranked.rank > 5),
      'projects', jsonb_agg(jsonb_build_object(
        'title', ranked.title, 'gained', ranked.gained, 'platforms', ranked.platforms
      ) order by ranked.rank) filter (where ranked.rank <= 5)
    ) as payload
    from ranked group by ranked.user_id
  ),
  added as (
    insert into public.notifications (user_id, type, dedupe_key, payload)
    select digest.user_id, 'weekly_metrics', to_char(ends, 'IYYY-"W"IW'), digest.payload from digest
    on conflict (user_id, type, dedupe_key) do nothing
    returning 1
  )
  select count(*) into queued from added;
  return queued;
end
$$;
comment on function public.queue_weekly_metrics(date) is
  'Queues the digest of the seven days up to this one, for all who asked for it; how many were new.';

insert into private.cron_jobs (name, schedule, path) values
  ('dispatchNotifications', '* * * * *', 'dispatchNotifications'),
  ('queueWeeklyMetrics', '0 7 * * 1', 'queueWeeklyMetrics');
