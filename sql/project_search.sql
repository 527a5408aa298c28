-- Search over what is published: ranked, sorted, filtered, and of bounded cost however common the words are.

-- Apart from projects, so that `select *` does not send it, and with the numbers to sort by beside the words.
create table private.project_search (
  project_id uuid primary key references public.projects (id) on delete cascade,
  document tsvector not null,
  tags text[] not null,
  technologies text[] not null,
  published_at timestamptz not null,
  stars int not null,
  likes int not null
);
comment on table private.project_search is 'The published projects as search finds them; kept by triggers.';
comment on column private.project_search.document is
  'Title (A), tags and technologies (B) and summary (C) as English words, and each tag and technology whole: tag:..., technology:...';

-- Without a pending list, which each search would have to read through.
create index project_search_document_idx on private.project_search using gin (document) with (fastupdate = off);
create index project_search_title_idx on private.project_search using gin (ts_filter(document, '{a}')) with (fastupdate = off);
create index project_search_published_at_idx on private.project_search (published_at desc, project_id desc);
create index project_search_stars_idx on private.project_search (stars desc, project_id desc);
create index project_search_likes_idx on private.project_search (likes desc, project_id desc);

create function private.index_projects(ids uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from private.project_search as entry using public.projects as project
  where entry.project_id = any (ids) and project.id = entry.project_id
    and (project.status <> 'published' or project.hidden_at is not null);
  insert into private.project_search as entry (project_id, document, tags, technologies, published_at, stars, likes)
  select project.id,
    setweight(to_tsvector('pg_catalog.english', project.title), 'A')
      || setweight(to_tsvector('pg_catalog.english', array_to_string(tag.names || technology.names, ', ')), 'B')
      || setweight(to_tsvector('pg_catalog.english', coalesce(project.short_summary, '')), 'C')
      || array_to_tsvector(array(
        select 'tag:' || lower(name) from unnest(tag.names) as name
        union select 'technology:' || lower(name) from unnest(technology.names) as name
      )),
    tag.names, technology.names, project.published_at, metric.stars, metric.likes
  from public.projects as project
  cross join lateral (
    select array(select one.tag from public.project_tags as one where one.project_id = project.id order by one.tag) as names
  ) as tag
  cross join lateral (
    select array(
      select one.technology from public.project_technologies as one where one.project_id = project.id order by one.technology
    ) as names
  ) as technology
  cross join lateral (
    select coalesce(sum(latest.stars), 0)::int as stars, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int as likes
    from private.current_metrics(project.id) as latest
  ) as metric
  where project.id = any (ids) and project.status = 'published' and project.hidden_at is null
  order by project.id
  on conflict (project_id) do update set
    document = excluded.document, tags = excluded.tags, technologies = excluded.technologies,
    published_at = excluded.published_at, stars = excluded.stars, likes = excluded.likes
  where (entry.document, entry.tags, entry.technologies, entry.published_at, entry.stars, entry.likes)
    is distinct from (
      excluded.document, excluded.tags, excluded.technologies, excluded.published_at, excluded.stars, excluded.likes
    );
$$;
comment on function private.index_projects(uuid[]) is 'Makes the entries of these projects what they are now.';

create function private.index_project() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.index_projects(array[new.id]);
  return null;
end
$$;
comment on function private.index_project() is 'Trigger: a project that changed is indexed again.';

-- After sync_metric_sources, by its name: the numbers are those of the links that there are.
create trigger update_search_of_new after insert on public.projects
  for each row when (new.status = 'published') execute function private.index_project();
create trigger update_search after update on public.projects
  for each row when (
    (old.title, old.short_summary, old.status, old.hidden_at, old.published_at, old.github_link, old.linkedin_link, old.twitter_link)
    is distinct from
    (new.title, new.short_summary, new.status, new.hidden_at, new.published_at, new.github_link, new.linkedin_link, new.twitter_link)
  ) execute function private.index_project();

create function private.index_changed_projects() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform private.index_projects(array(select distinct added.project_id from added));
  elsif tg_op = 'DELETE' then
    perform private.index_projects(array(select distinct removed.project_id from removed));
  else
    perform private.index_projects(array(select added.project_id from added union select removed.project_id from removed));
  end if;
  return null;
end
$$;
comment on function private.index_changed_projects() is
  'Trigger: projects whose tags, technologies or numbers changed are indexed again.';

create trigger update_search_of_added after insert on public.project_tags referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.project_tags
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_removed after delete on public.project_tags referencing old table as removed
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_added after insert on public.project_technologies referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.project_technologies
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_removed after delete on public.project_technologies referencing old table as removed
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_added after insert on public.social_metrics referencing new table as added
  for each statement execute function private.index_changed_projects();
create trigger update_search_of_changed after update on public.social_metrics
  referencing old table as removed new table as added
  for each statement execute function private.index_changed_projects();

create function private.search_filter(tags text[], technologies text[]) returns tsquery
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select string_agg('''' || replace(replace(lower(wanted.lexeme), '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
  from (
    select 'tag:' || tag as lexeme from unnest(tags) as tag
    union all
    select 'technology:' || technology from unnest(technologies) as technology
  ) as wanted
  where wanted.lexeme is not null
$$;
comment on function private.search_filter(text[], text[]) is 'Whole tags and technologies, all of them, in any case; null where there are none.';

-- Entries in the order of a column, as far as `depth` of them after the cursor: the cheap way where many match.
create function private.walk_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, depth int, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query execute format(
    'select entry.project_id, entry.%1$I::text from (
       select known.project_id, known.document, known.%1$I from private.project_search as known
       where $2 is null or (known.%1$I, known.project_id) < ($2::%2$s, $3)
       order by known.%1$I desc, known.project_id desc limit $4
     ) as entry where $1 is null or entry.document @@ $1 limit $5',
    sort_column, case sort_column when 'published_at' then 'timestamptz' else 'int' end
  ) using matching, after_value, after_id, depth, most;
end
$$;
comment on function private.walk_search(tsquery, text, text, uuid, int, int) is
  'Matches in the order of a column, looked for among so many entries.';

-- The same by the index of words: the cheap way where few match. At most 5,000 of them are sorted.
create function private.pick_search(
  matching tsquery, sort_column text, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return query execute format(
    'select entry.project_id, entry.%1$I::text from (
       select known.project_id, known.%1$I from private.project_search as known
       where known.document @@ $1 and ($2 is null or (known.%1$I, known.project_id) < ($2::%2$s, $3)) limit 5000
     ) as entry order by entry.%1$I desc, entry.project_id desc limit $4',
    sort_column, case sort_column when 'published_at' then 'timestamptz' else 'int' end
  ) using matching, after_value, after_id, most;
end
$$;
comment on function private.pick_search(tsquery, text, text, uuid, int) is
  'Matches in the order of a column, looked for by their words.';

-- The best of a bounded number of candidates: the newest matches, and, where the words are rare among the newest, up to 200
-- projects with all of them in the title, else 300 with them anywhere.
create function private.rank_search(
  words tsquery, matching tsquery, indexable boolean, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  candidates uuid[];
  titled uuid[];
  hits int;
  title_hits int;
begin
  select array_agg(newest.project_id), count(*), count(*) filter (where ts_filter(newest.document, '{a}') @@ words)
    into candidates, hits, title_hits
  from (
    select known.project_id, known.document from private.project_search as known
    order by known.published_at desc, known.project_id desc limit 100
  ) as newest where newest.document @@ matching;
  if title_hits < 10 and indexable then
    titled := array(
      select known.project_id from private.project_search as known where ts_filter(known.document, '{a}') @@ words limit 200
    );
    candidates := candidates || titled;
    if hits < 10 and cardinality(titled) < 200 then
      candidates := candidates || array(
        select known.project_id from private.project_search as known where known.document @@ matching limit 300
      );
    end if;
  end if;
  return query
  select ranked.project_id, ranked.rank::text from (
    select entry.project_id, ts_rank(entry.document, matching) as rank from private.project_search as entry
    where entry.project_id = any (candidates) and entry.document @@ matching
  ) as ranked
  where after_value is null or (ranked.rank, ranked.project_id) < (after_value::real, after_id)
  order by ranked.rank desc, ranked.project_id desc limit most;
end
$$;
comment on function private.rank_search(tsquery, tsquery, boolean, text, uuid, int) is
  'Matches by relevance, the best of some hundred candidates.';

-- Definer: the entries are nobody's to read.
create function private.find_matches(
  query text, sort text, tags text[], technologies text[], after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- As people type them: "quoted", or, -not.
  words constant tsquery := case when query ~ '[^[:space:]]' then websearch_to_tsquery('pg_catalog.english', query) end;
  filter constant tsquery := private.search_filter(tags, technologies);
  matching constant tsquery := case when words is null then filter when filter is null then words else words && filter end;
  -- Without a word that must be there, an index would be read from end to end.
  indexable constant boolean := querytree(matching) not in ('', 'T');
  sort_column constant text := case when sort in ('stars', 'likes') then sort else 'published_at' end;
  hits int;
  found int := 0;
begin
  if numnode(words) = 0 then -- "the", "and": words that are in no index
    return;
  elsif sort = 'relevance' and words is not null then
    return query select * from private.rank_search(words, matching, indexable, after_value, after_id, most);
    return;
  end if;
  -- How common they are among the newest says which way is shorter.
  if indexable then
    select count(*) into hits from (
      select known.document from private.project_search as known
      order by known.published_at desc, known.project_id desc limit 100
    ) as newest where newest.document @@ matching;
  end if;
  if hits >= 2 or indexable is not true then
    for project_id, sort_value in
      select * from private.walk_search(matching, sort_column, after_value, after_id, 5000, most)
    loop
      found := found + 1;
      return next;
    end loop;
  end if;
  if found < most and indexable then
    return query select * from private.pick_search(
      matching, sort_column, coalesce(sort_value, after_value), coalesce(project_id, after_id), most - found
    );
  end if;
end
$$;
comment on function private.find_matches(text, text, text[], text[], text, uuid, int) is
  'The ids of matches in the order that is asked for, each with the value that it is sorted by.';

create function public.search_projects(
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
    raise exception 'sort is relevance, newest, stars or likes.' using errcode = 'invalid_parameter_value';
  elsif char_length(query) > 200 then
    raise exception 'query may have 200 characters at most.' using errcode = 'invalid_parameter_value';
  elsif cardinality(tags) > 10 or cardinality(technologies) > 10 then
    raise exception 'At most 10 tags and 10 technologies.' using errcode = 'invalid_parameter_value';
  elsif "limit" is null or "limit" not between 1 and 100 then
    raise exception 'limit is from 1 to 100.' using errcode = 'invalid_parameter_value';
  elsif cursor is not null and after is null then
    raise exception 'cursor is the next_cursor of another answer.' using errcode = 'invalid_parameter_value';
  end if;
  select array_agg(found.project_id), array_agg(found.sort_value) into ids, sort_values
  from private.find_matches(query, wanted, tags, technologies, after[1], after[3]::uuid, "limit" + 1) as found;
  return json_build_object(
    'projects', (
      select coalesce(json_agg(shown), '[]') from (
        select project.id, project.user_id, project.slug, project.title, project.short_summary, entry.published_at,
          entry.stars, entry.likes, entry.tags, entry.technologies, owner.username, owner.name, owner.avatar_url
        from unnest(ids[1:"limit"]) with ordinality as match (id, place)
        join private.project_search as entry on entry.project_id = match.id
        join public.projects as project on project.id = match.id
        join private.users as owner on owner.id = project.user_id
        order by match.place
      ) as shown
    ),
    'next_cursor', case when cardinality(ids) > "limit" then sort_values["limit"] || ' ' || ids["limit"] end
  );
end
$$;
comment on function public.search_projects(text, text, text[], text[], int, text) is
  'Published projects by words, tags and technologies: {"projects", "next_cursor"}; see docs/portfolio.md.';
