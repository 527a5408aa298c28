-- What was asked for each user today where a platform bills each post, so that nobody spends what is everybody's.

create table private.metric_user_quotas (
  user_id uuid not null references private.users (id) on delete cascade,
  platform text not null check (platform in ('linkedin', 'github', 'twitter')),
  day date not null,
  units int not null default 0 check (units >= 0),
  primary key (user_id, platform)
);
comment on table private.metric_user_quotas is
  'What was asked about each user''s links of a platform that bills each post, however often they changed them.';
comment on column private.metric_user_quotas.units is 'Posts asked about on `day` (UTC).';

-- The owners of these projects whose shares can be counted now; theirs are locked, in one order. A user who is being deleted
-- is left out: with sources locked already, to wait for that could block both for good.
create function private.lock_metric_user_quotas(platform text, projects uuid[]) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners constant uuid[] := array(
    select profile.id from private.users as profile
    where profile.id in (select project.user_id from public.projects as project where project.id = any (projects))
    for key share skip locked
  );
begin
  insert into private.metric_user_quotas as share (user_id, platform, day)
  select owner, lock_metric_user_quotas.platform, (now() at time zone 'utc')::date
  from unnest(owners) as owner order by owner
  on conflict (user_id, platform) do update set day = excluded.day, units = 0 where share.day < excluded.day;
  return owners;
end
$$;
comment on function private.lock_metric_user_quotas(text, uuid[]) is
  'Locks what was asked today for the owners of these projects; returns who they are.';

-- Those of these projects, in their order, that their owners have something left for today.
create function private.within_metric_user_quotas(platform text, projects uuid[], units_per_user int) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  if units_per_user is null then
    return projects;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  return array(
    select counted.id from (
      select project.id, asked.place,
        share.units + row_number() over (partition by project.user_id order by asked.place) as units
      from unnest(projects) with ordinality as asked (id, place)
      join public.projects as project on project.id = asked.id
      join private.metric_user_quotas as share
        on share.user_id = project.user_id and share.platform = within_metric_user_quotas.platform
      where project.user_id = any (owners)
    ) as counted
    where counted.units <= units_per_user order by counted.place
  );
end
$$;
comment on function private.within_metric_user_quotas(text, uuid[], int) is
  'Those of these projects that may still be asked about today, in their order; all where there is no limit.';

create function private.count_metric_user_quotas(platform text, projects uuid[], units_each int) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  owners uuid[];
begin
  -- Where nobody has a share, nothing is counted.
  if not exists (
    select from public.projects as project
    join private.metric_user_quotas as share
      on share.user_id = project.user_id and share.platform = count_metric_user_quotas.platform
    where project.id = any (projects)
  ) then
    return;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  update private.metric_user_quotas as share set units = greatest(0, share.units + units_each * asked.number)
  from (
    select project.user_id, count(*)::int as number from public.projects as project
    where project.id = any (projects) and project.user_id = any (owners) group by project.user_id
  ) as asked
  where share.platform = count_metric_user_quotas.platform and share.user_id = asked.user_id;
end
$$;
comment on function private.count_metric_user_quotas(text, uuid[], int) is
  'Adds to what was asked today for the owners of these projects, or gives it back.';
