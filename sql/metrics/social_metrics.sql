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

-- What the projects' links have now: nothing of those that were removed or changed, whose days are history. Definer, since
-- only handlers see the sources; get_project_metrics asks for a project that its caller may open. One look into the index for
-- each platform, however long the history. For many at once, since the daily refresh has hundreds.
create function private.current_metrics(project_ids uuid[]) returns setof public.social_metrics
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select latest.*
  from private.metric_sources as source
  cross join lateral (
    select * from public.social_metrics as metric
    where metric.project_id = source.project_id and metric.platform = source.platform
    order by metric.recorded_at desc
    limit 1
  ) as latest
  where source.project_id = any (project_ids) and coalesce(latest.as_of >= source.since, true)
$$;
comment on function private.current_metrics(uuid[]) is 'The latest snapshot of each link of these projects.';

-- What search sorts by.
create function private.current_totals(project_ids uuid[]) returns table (project_id uuid, stars int, likes int)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select project.id, coalesce(sum(latest.stars), 0)::int, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int
  from unnest(project_ids) as project (id)
  left join private.current_metrics(project_ids) as latest on latest.project_id = project.id
  group by project.id
$$;
comment on function private.current_totals(uuid[]) is 'Stars and likes of projects, over all their links; 0 without a snapshot.';
