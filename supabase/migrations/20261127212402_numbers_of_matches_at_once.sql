-- The numbers of rare words' matches were looked up one by one.
create or replace function private.pick_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if sort_column = 'published_at' then
    return query
    select entry.project_id, entry.published_at::text from (
      select known.project_id, known.published_at from private.project_search as known
      where known.document @@ matching
        and (after_value is null or (known.published_at, known.project_id) < (after_value::timestamptz, after_id))
      limit 5000
    ) as entry order by entry.published_at desc, entry.project_id desc limit most;
  else
    -- By an array of ids: one search of the index for all of them, in its order.
    return query
    select entry.project_id, entry.number::text from (
      select total.project_id, case sort_column when 'stars' then total.stars else total.likes end as number
      from private.project_totals as total
      where total.project_id = any (array(
        select known.project_id from private.project_search as known where known.document @@ matching limit 5000
      ))
    ) as entry
    where after_value is null or (entry.number, entry.project_id) < (after_value::int, after_id)
    order by entry.number desc, entry.project_id desc limit most;
  end if;
end
$$;
