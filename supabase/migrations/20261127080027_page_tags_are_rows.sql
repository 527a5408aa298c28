-- A tag of a page is a row, like a technology: the alias was read as its column of that name.
create or replace function private.project_page(project public.projects) returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(project) || jsonb_build_object(
    'users', (
      select jsonb_build_object(
        'username', profile.username, 'name', profile.name, 'headline', profile.headline, 'avatar_url', profile.avatar_url
      ) from private.users as profile where profile.id = project.user_id
    ),
    'project_images', (
      select coalesce(jsonb_agg(to_jsonb(image) order by image.position, image.id), '[]')
      from public.project_images as image where image.project_id = project.id
    ),
    'project_videos', (
      select coalesce(jsonb_agg(to_jsonb(video) order by video.position, video.id), '[]')
      from public.project_videos as video where video.project_id = project.id
    ),
    'project_tags', (
      select coalesce(jsonb_agg(to_jsonb(tagged) order by tagged.tag), '[]')
      from public.project_tags as tagged where tagged.project_id = project.id
    ),
    'project_technologies', (
      select coalesce(jsonb_agg(to_jsonb(used) order by used.technology), '[]')
      from public.project_technologies as used where used.project_id = project.id
    ),
    'layouts', (
      select coalesce(jsonb_agg(to_jsonb(layout)), '[]')
      from public.layouts as layout where layout.project_id = project.id and layout.published
    ),
    'latest_metrics', (
      select coalesce(jsonb_agg(to_jsonb(metric) order by metric.platform), '[]')
      from private.current_metrics(project.id) as metric
    )
  )
$$;
