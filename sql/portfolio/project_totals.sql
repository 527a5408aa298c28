-- The numbers that search sorts by. Apart from the words: a number that is stored where they are writes their row again, and
-- with it an entry for each word into their indexes. A day's refresh has numbers of all projects.

create table private.project_totals (
  project_id uuid primary key references private.project_search (project_id) on delete cascade,
  stars int not null,
  likes int not null
);
comment on table private.project_totals is 'Stars and likes of the published projects, over all their links; kept by triggers.';

create index project_totals_stars_idx on private.project_totals (stars desc, project_id desc);
create index project_totals_likes_idx on private.project_totals (likes desc, project_id desc);

-- Locked in one order, and before the numbers are read: the next statement sees what its waiting was for. Numbers that are
-- the same are not written.
create function private.store_totals(ids uuid[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform from private.project_totals as known where known.project_id = any (ids) order by known.project_id for update;
  insert into private.project_totals as known (project_id, stars, likes)
  select metric.project_id, metric.stars, metric.likes
  from private.current_totals(ids) as metric
  join private.project_search as entry on entry.project_id = metric.project_id
  -- By ids too: the planner cannot tell how many totals there are, and would rather read all entries.
  where entry.project_id = any (ids)
  order by metric.project_id
  on conflict (project_id) do update set stars = excluded.stars, likes = excluded.likes
  where (known.stars, known.likes) is distinct from (excluded.stars, excluded.likes);
end
$$;
comment on function private.store_totals(uuid[]) is 'Makes the totals of these projects what they are now, where search has them.';

create function private.store_changed_totals() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.store_totals(array(select distinct added.project_id from added));
  return null;
end
$$;
comment on function private.store_changed_totals() is 'Trigger: projects with new numbers get new totals.';

create trigger store_totals_of_added after insert on public.social_metrics referencing new table as added
  for each statement execute function private.store_changed_totals();
create trigger store_totals_of_changed after update on public.social_metrics referencing new table as added
  for each statement execute function private.store_changed_totals();
