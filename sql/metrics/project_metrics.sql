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
        from private.current_metrics(array[project.id]) as latest
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
    ) end,
    -- getSocialMetrics has no other question to ask of an account, and so needs no request for this alone.
    'account_gone', (select auth.uid()) is not null and not exists (
      select from private.users as profile where profile.id = (select auth.uid())
    )
  )
  from public.projects as project
  where project.id = get_project_metrics.project_id and private.can_open_project(project)
$$;
comment on function public.get_project_metrics(uuid, int) is
  'A project''s links, its latest snapshot of each platform, the last history_days days, its views where the caller is its '
  'owner, and whether the caller''s token outlived its account; null if the caller may not see the project.';
