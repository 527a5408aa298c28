-- The numbers that search sorts by leave the row of its words: a number that was stored wrote an entry for each word into
-- their indexes, two thirds of what the daily refresh cost the database.
create table private.project_totals (
  project_id uuid primary key references private.project_search (project_id) on delete cascade,
  stars int not null,
  likes int not null
);
comment on table private.project_totals is 'Stars and likes of the published projects, over all their links; kept by triggers.';

insert into private.project_totals (project_id, stars, likes)
select entry.project_id, entry.stars, entry.likes from private.project_search as entry;

create index project_totals_stars_idx on private.project_totals (stars desc, project_id desc);
create index project_totals_likes_idx on private.project_totals (likes desc, project_id desc);

-- Nobody's to read or write.
alter table private.project_totals enable row level security;

create policy "nobody through the API" on private.project_totals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_totals from anon, authenticated, service_role;

drop trigger update_search_of_added on public.social_metrics;
drop trigger update_search_of_changed on public.social_metrics;
drop function private.index_metrics();

-- For many projects at once.
drop function private.current_metrics(uuid);
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

-- latest_metrics runs as its caller.
revoke all on function private.current_metrics(uuid[]) from public;
grant execute on function private.current_metrics(uuid[]) to anon, authenticated, service_role;

create or replace function private.current_totals(project_ids uuid[]) returns table (project_id uuid, stars int, likes int)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select project.id, coalesce(sum(latest.stars), 0)::int, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int
  from unnest(project_ids) as project (id)
  left join private.current_metrics(project_ids) as latest on latest.project_id = project.id
  group by project.id
$$;

create or replace function public.get_project_metrics(project_id uuid, history_days int default 0) returns jsonb
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

create or replace function public.latest_metrics(project public.projects) returns setof public.social_metrics
language sql stable rows 3 set search_path = pg_catalog, pg_temp as $$
  select * from private.current_metrics(array(select known.id from public.projects as known where known.id = $1.id))
$$;

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
      from private.current_metrics(array[project.id]) as metric
    )
  )
$$;

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

-- Part of triggers.
revoke all on function private.store_totals(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.store_changed_totals() from public, anon, authenticated, service_role;

create or replace function private.index_projects(ids uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  -- Entries are locked in one order, and before what they are made of is read: the next statement sees what its waiting was
  -- for.
  select from private.project_search as entry where entry.project_id = any (ids) order by entry.project_id for update;
  delete from private.project_search as entry using public.projects as project
  where entry.project_id = any (ids) and project.id = entry.project_id
    and (project.status <> 'published' or project.hidden_at is not null);
  insert into private.project_search as entry (
    project_id, document, tags, technologies, published_at, title, names
  )
  select project.id,
    setweight(to_tsvector('pg_catalog.english', folded.title), 'A')
      || setweight(to_tsvector('pg_catalog.english', folded.names), 'B')
      || setweight(to_tsvector('pg_catalog.english', private.fold(coalesce(project.short_summary, ''))), 'C')
      || array_to_tsvector(array(
        select 'tag:' || private.fold(name) from unnest(tag.names) as name
        union select 'technology:' || private.fold(name) from unnest(technology.names) as name
      )),
    tag.names, technology.names, project.published_at,
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
  where project.id = any (ids) and project.status = 'published' and project.hidden_at is null
  order by project.id
  on conflict (project_id) do update set
    document = excluded.document, tags = excluded.tags, technologies = excluded.technologies,
    published_at = excluded.published_at, title = excluded.title, names = excluded.names
  where entry is distinct from excluded;
  select private.store_totals(ids);
$$;

create or replace function private.scan_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, depth int, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query execute format(
    'select entry.project_id, entry.%1$I::text from (
       select known.project_id, %2$s as document, known.%1$I from private.%3$I as known
       where $2 is null or (known.%1$I, known.project_id) < ($2::%4$s, $3)
       order by known.%1$I desc, known.project_id desc limit $4
     ) as entry where $1 is null or entry.document @@ $1 limit $5',
    variadic case
      when sort_column = 'published_at' then array[sort_column, 'known.document', 'project_search', 'timestamptz']
      -- Not a join: it would leave the order, or read all words.
      else array[
        sort_column, '(select words.document from private.project_search as words where words.project_id = known.project_id)',
        'project_totals', 'int'
      ]
    end
  ) using matching, after_value, after_id, depth, most;
end
$$;

create or replace function private.pick_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  return query
  select entry.project_id, coalesce(entry.number::text, entry.published_at::text) from (
    select known.project_id, sorted.number, case when sorted.number is null then known.published_at end as published_at
    from private.project_search as known
    cross join lateral (
      select case when sort_column <> 'published_at' then (
        select case sort_column when 'stars' then total.stars else total.likes end from private.project_totals as total
        where total.project_id = known.project_id
      ) end as number offset 0
    ) as sorted
    where known.document @@ matching and case
      when after_value is null then true
      when sort_column = 'published_at' then (known.published_at, known.project_id) < (after_value::timestamptz, after_id)
      else (sorted.number, known.project_id) < (after_value::int, after_id)
    end
    limit 5000
  ) as entry order by entry.number desc, entry.published_at desc, entry.project_id desc limit most;
end
$$;

create or replace function public.search_projects(
  query text default null, sort text default null, tags text[] default '{}', technologies text[] default '{}',
  "limit" int default 20, cursor text default null
) returns json
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant text := coalesce(sort, case when query ~ '[^[:space:]]' then 'relevance' else 'newest' end);
  after constant text[] := regexp_match(cursor, '^([^ ]+( [^ ]+)?) ([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
  ids uuid[];
  sort_values text[];
begin
  if wanted not in ('relevance', 'newest', 'stars', 'likes') then
    raise exception 'sort is relevance, newest, stars or likes.' using errcode = 'invalid_parameter_value', detail = 'field: sort';
  elsif char_length(query) > 200 then
    raise exception 'query may have 200 characters at most.' using errcode = 'invalid_parameter_value', detail = 'field: query';
  elsif cardinality(tags) > 10 or exists (select from unnest(tags) as given (name) where char_length(given.name) > 200) then
    raise exception 'tags are 10 at most, of 200 characters at most.' using errcode = 'invalid_parameter_value', detail = 'field: tags';
  elsif cardinality(technologies) > 10
    or exists (select from unnest(technologies) as given (name) where char_length(given.name) > 200)
  then
    raise exception 'technologies are 10 at most, of 200 characters at most.'
      using errcode = 'invalid_parameter_value', detail = 'field: technologies';
  elsif "limit" is null or "limit" not between 1 and 100 then
    raise exception 'limit is from 1 to 100.' using errcode = 'invalid_parameter_value', detail = 'field: limit';
  end if;
  if cursor is not null then
    -- Read as what it is compared with. pg_input_is_valid would say it, from PostgreSQL 16 on.
    begin
      if after is null or char_length(cursor) > 100 then
        raise data_exception;
      elsif wanted in ('stars', 'likes') then
        perform after[1]::int;
      elsif wanted = 'relevance' and query ~ '[^[:space:]]' then
        perform after[1]::real;
      else
        perform after[1]::timestamptz;
      end if;
    exception when data_exception then
      raise exception 'cursor is the next_cursor of another answer.' using errcode = 'invalid_parameter_value', detail = 'field: cursor';
    end;
  end if;
  select array_agg(found.project_id), array_agg(found.sort_value) into ids, sort_values
  from private.find_matches(query, wanted, tags, technologies, after[1], after[3]::uuid, "limit" + 1) as found;
  return json_build_object(
    'projects', (
      select coalesce(json_agg(shown), '[]') from (
        select project.id, project.user_id, project.slug, project.title, project.short_summary, entry.published_at,
          total.stars, total.likes, entry.tags, entry.technologies, owner.username, owner.name, owner.avatar_url
        from unnest(ids[1:"limit"]) with ordinality as match (id, place)
        join private.project_search as entry on entry.project_id = match.id
        join private.project_totals as total on total.project_id = match.id
        join public.projects as project on project.id = match.id
        join private.users as owner on owner.id = project.user_id
        order by match.place
      ) as shown
    ),
    'next_cursor', case when cardinality(ids) > "limit" then sort_values["limit"] || ' ' || ids["limit"] end
  );
end
$$;

alter table private.project_search drop column stars, drop column likes;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  (
    'project_totals', 'private.project_totals',
    't.project_id in (select id from public.projects where user_id = $1)', 't.project_id::text', '{}', true
  );
