-- Search over what is published: ranked, sorted, filtered, and of bounded cost however common the words are.

-- Those with exactly a title, the newest first.
create index projects_lower_title_idx on public.projects (lower(title), published_at desc) where status = 'published';

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
create function private.scan_search(
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
comment on function private.scan_search(tsquery, text, text, uuid, int, int) is
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

-- The best of a bounded number of candidates, each ranked where it is read: projects with exactly this title, before all others; the
-- newest matches; and, where the words are rare among the newest, up to 200 projects with all of them in the title, else 300 with
-- them anywhere.
create function private.rank_search(
  query text, words tsquery, matching tsquery, indexable boolean, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  ids uuid[];
  ranks real[];
  hits int;
  title_hits int;
begin
  select array_agg(newest.project_id), array_agg(ts_rank(newest.document, matching)),
      count(*), count(*) filter (where ts_filter(newest.document, '{a}') @@ words)
    into ids, ranks, hits, title_hits
  from (
    select known.project_id, known.document from private.project_search as known
    order by known.published_at desc, known.project_id desc limit 100
  ) as newest where newest.document @@ matching;
  -- ts_rank is 1 at most.
  select ids || array_agg(entry.project_id), ranks || array_agg(1 + ts_rank(entry.document, matching)) into ids, ranks
  from (
    select project.id from public.projects as project
    where lower(project.title) = lower(btrim(query)) and project.status = 'published'
    order by project.published_at desc limit 50
  ) as titled
  join private.project_search as entry on entry.project_id = titled.id
  where entry.document @@ matching;
  if title_hits < 10 and indexable then
    select ids || array_agg(titled.project_id) filter (where titled.document @@ matching),
        ranks || array_agg(ts_rank(titled.document, matching)) filter (where titled.document @@ matching), count(*)
      into ids, ranks, title_hits
    from (
      select known.project_id, known.document from private.project_search as known
      where ts_filter(known.document, '{a}') @@ words limit 200
    ) as titled;
    if hits < 10 and title_hits < 200 then
      select ids || array_agg(anywhere.project_id), ranks || array_agg(ts_rank(anywhere.document, matching)) into ids, ranks
      from (
        select known.project_id, known.document from private.project_search as known where known.document @@ matching limit 300
      ) as anywhere;
    end if;
  end if;
  return query
  select ranked.project_id, ranked.rank::text from (
    select candidate.id as project_id, max(candidate.rank) as rank from unnest(ids, ranks) as candidate (id, rank)
    group by candidate.id
  ) as ranked
  where after_value is null or (ranked.rank, ranked.project_id) < (after_value::real, after_id)
  order by ranked.rank desc, ranked.project_id desc limit most;
end
$$;
comment on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int) is
  'Matches by relevance, the best of some hundred candidates.';

-- Definer: the entries are nobody's to read.
create function private.find_matches(
  query text, sort text, tags text[], technologies text[], after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- As users type them: "quoted", or, -not.
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
    return query select * from private.rank_search(query, words, matching, indexable, after_value, after_id, most);
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
      select * from private.scan_search(matching, sort_column, after_value, after_id, 5000, most)
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
  elsif exists (select from unnest(tags || technologies) as given (name) where char_length(given.name) > 200) then
    raise exception 'A tag or technology has 200 characters at most.' using errcode = 'invalid_parameter_value';
  elsif "limit" is null or "limit" not between 1 and 100 then
    raise exception 'limit is from 1 to 100.' using errcode = 'invalid_parameter_value';
  elsif cursor is not null and (after is null or char_length(cursor) > 100) then
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
