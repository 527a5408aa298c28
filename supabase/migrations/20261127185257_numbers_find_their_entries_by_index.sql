-- One stored number read all entries of search: the planner cannot tell how many totals there are.
create or replace function private.index_metrics() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  ids constant uuid[] := array(select distinct added.project_id from added);
begin
  -- As in index_projects: locked in one order, before the numbers are read.
  perform from private.project_search as entry where entry.project_id = any (ids) order by entry.project_id for update;
  update private.project_search as entry set stars = metric.stars, likes = metric.likes
  from private.current_totals(ids) as metric
  -- By ids too: the planner cannot tell how many totals there are, and would rather read all entries.
  where entry.project_id = any (ids) and entry.project_id = metric.project_id
    and (entry.stars, entry.likes) is distinct from (metric.stars, metric.likes);
  return null;
end
$$;
