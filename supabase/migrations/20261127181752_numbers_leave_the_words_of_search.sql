-- New numbers change an entry's numbers alone, and are read after its lock: of two that come at once neither is forgotten.

-- What search sorts by. For many at once, since the daily refresh has hundreds.
create function private.current_totals(project_ids uuid[]) returns table (project_id uuid, stars int, likes int)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select project.id, coalesce(sum(latest.stars), 0)::int, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int
  from unnest(project_ids) as project (id)
  left join lateral private.current_metrics(project.id) as latest on true
  group by project.id
$$;
comment on function private.current_totals(uuid[]) is 'Stars and likes of projects, over all their links; 0 without a snapshot.';

revoke all on function private.current_totals(uuid[]) from public, anon, authenticated, service_role;

create or replace function private.index_projects(ids uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  -- Entries are locked in one order, and before the numbers are read: the next statement sees what its waiting was for.
  select from private.project_search as entry where entry.project_id = any (ids) order by entry.project_id for update;
  delete from private.project_search as entry using public.projects as project
  where entry.project_id = any (ids) and project.id = entry.project_id
    and (project.status <> 'published' or project.hidden_at is not null);
  insert into private.project_search as entry (
    project_id, document, tags, technologies, published_at, stars, likes, title, names
  )
  select project.id,
    setweight(to_tsvector('pg_catalog.english', folded.title), 'A')
      || setweight(to_tsvector('pg_catalog.english', folded.names), 'B')
      || setweight(to_tsvector('pg_catalog.english', private.fold(coalesce(project.short_summary, ''))), 'C')
      || array_to_tsvector(array(
        select 'tag:' || private.fold(name) from unnest(tag.names) as name
        union select 'technology:' || private.fold(name) from unnest(technology.names) as name
      )),
    tag.names, technology.names, project.published_at, metric.stars, metric.likes,
    -- Some letters fold to several; an index takes 2,704 bytes.
    left(folded.title, 200), left(folded.title || ' ' || folded.names, 1000)
  from public.projects as project
  join private.users as owner on owner.id = project.user_id
  cross join lateral (
    select array(select one.tag from public.project_tags as one where one.project_id = project.id order by one.tag) as names
  ) as tag
  cross join lateral (
    select array(
      select one.technology from public.project_technologies as one where one.project_id = project.id order by one.technology
    ) as names
  ) as technology
  cross join lateral (
    select private.fold(project.title) as title,
      private.fold(array_to_string(array[owner.username, owner.name] || tag.names || technology.names, ', ')) as names
  ) as folded
  join private.current_totals(ids) as metric on metric.project_id = project.id
  where project.id = any (ids) and project.status = 'published' and project.hidden_at is null
  order by project.id
  on conflict (project_id) do update set
    document = excluded.document, tags = excluded.tags, technologies = excluded.technologies,
    published_at = excluded.published_at, stars = excluded.stars, likes = excluded.likes,
    title = excluded.title, names = excluded.names
  where entry is distinct from excluded;
$$;
comment on function private.index_projects(uuid[]) is 'Makes the entries of these projects what they are now.';

comment on function private.index_changed_projects() is
  'Trigger: projects whose tags or technologies changed are indexed again.';

-- The daily refresh stores numbers by hundreds: their words stay as they are, and an entry whose numbers are the same is
-- not written.
create function private.index_metrics() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  ids constant uuid[] := array(select distinct added.project_id from added);
begin
  -- As in index_projects: locked in one order, before the numbers are read.
  perform from private.project_search as entry where entry.project_id = any (ids) order by entry.project_id for update;
  update private.project_search as entry set stars = metric.stars, likes = metric.likes
  from private.current_totals(ids) as metric
  where entry.project_id = metric.project_id and (entry.stars, entry.likes) is distinct from (metric.stars, metric.likes);
  return null;
end
$$;
comment on function private.index_metrics() is 'Trigger: the entries of projects get their new numbers.';

drop trigger update_search_of_added on public.social_metrics;
create trigger update_search_of_added after insert on public.social_metrics referencing new table as added
  for each statement execute function private.index_metrics();
drop trigger update_search_of_changed on public.social_metrics;
create trigger update_search_of_changed after update on public.social_metrics referencing new table as added
  for each statement execute function private.index_metrics();

revoke all on function private.index_metrics() from public, anon, authenticated, service_role;
