-- Search over what is published: ranked, sorted, filtered and forgiving, of bounded cost however common the words are. Only what is
-- misspelled so as to be like everything takes as long as there are projects: about a second for 100,000.

-- Some letters fold to several; a lexeme takes 2,046 bytes, and none that is stored has so many.
create function private.search_filter(tags text[], technologies text[]) returns tsquery
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select string_agg('''' || replace(replace(wanted.lexeme, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
  from (
    select 'tag:' || left(private.fold(tag), 500) as lexeme from unnest(tags) as tag
    union all
    select 'technology:' || left(private.fold(technology), 500) from unnest(technologies) as technology
  ) as wanted
  where wanted.lexeme is not null
$$;
comment on function private.search_filter(text[], text[]) is 'Whole tags and technologies, all of them, folded; null where there are none.';

-- Entries in the order of a column, as far as `depth` of them after the cursor: the cheap way where many match.
create function private.scan_search(
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
comment on function private.scan_search(tsquery, text, text, uuid, int, int) is
  'Matches in the order of a column, looked for among so many entries.';

-- The same by the index of words: the cheap way where few match. At most 5,000 of them are sorted. No text is made into a statement:
-- planning would be a third of it.
create function private.pick_search(
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
comment on function private.pick_search(tsquery, text, text, uuid, int) is
  'Matches in the order of a column, looked for by their words.';

-- The best of a bounded number of candidates, each ranked where it is read: projects with exactly this title, before all others; the
-- newest matches; and, where the words are rare among the newest, projects with all of them in the title, and if those fill no page,
-- projects with them anywhere.
create function private.rank_search(
  title text, words tsquery, matching tsquery, indexable boolean, after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  searched_title constant text := title;
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
  select ids || array_agg(titled.project_id), ranks || array_agg(1 + ts_rank(titled.document, matching)) into ids, ranks
  from (
    select known.project_id, known.document from private.project_search as known
    where known.title = searched_title order by known.published_at desc limit 50
  ) as titled
  where titled.document @@ matching;
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

-- What is spelled like it: of the first 300 that share two fifths of its groups of three letters, the nearest. By the index, which
-- the planner would leave for a common word, and which signs without such groups would read from end to end.
create function private.resemble_search(words text, filter tsquery, most int) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp
set pg_trgm.word_similarity_threshold = 0.4 set enable_seqscan = off as $$
#variable_conflict use_column
begin
  return query
  select entry.project_id, entry.similarity::text from (
    select known.project_id, extensions.word_similarity(words, known.names) as similarity, known.published_at
    from private.project_search as known
    where extensions.show_trgm(words) <> '{}'
      and known.names operator(extensions.%>) words and (filter is null or known.document @@ filter) limit 300
  ) as entry order by entry.similarity desc, entry.published_at desc, entry.project_id desc limit most;
end
$$;
comment on function private.resemble_search(text, tsquery, int) is 'Projects whose names are spelled like these words, the nearest first.';

-- Definer: the entries are nobody's to read.
create function private.find_matches(
  query text, sort text, tags text[], technologies text[], after_value text, after_id uuid, most int
) returns table (project_id uuid, sort_value text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  typed constant text := left(btrim(private.fold(query)), 200);
  -- As users type them: "quoted", or, -not; a dash before a space is none of these.
  words constant tsquery := case when typed <> '' then
    websearch_to_tsquery('pg_catalog.english', regexp_replace(typed, '-+([[:space:]]|$)', ' ', 'g'))
  end;
  filter constant tsquery := private.search_filter(tags, technologies);
  matching constant tsquery := case when words is null then filter when filter is null then words else words && filter end;
  -- Without a word that must be there, an index would be read from end to end.
  indexable constant boolean := querytree(matching) not in ('', 'T');
  sort_column constant text := case when sort in ('stars', 'likes') then sort else 'published_at' end;
  hits int;
  found int := 0;
begin
  if numnode(words) = 0 then -- "the", "and": words that are in no index
    null;
  elsif sort = 'relevance' and words is not null then
    return query select * from private.rank_search(typed, words, matching, indexable, after_value, after_id, most);
    get diagnostics found = row_count;
  else
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
      get diagnostics hits = row_count;
      found := found + hits;
    end if;
  end if;
  -- One page: its order is none that a cursor could go on in. Of long texts and of what excludes or quotes words, nothing is guessed.
  if found = 0 and after_value is null and char_length(typed) between 3 and 50 and typed !~ '(^|[[:space:]])-|"' then
    return query select * from private.resemble_search(typed, filter, most - 1);
  end if;
end
$$;
comment on function private.find_matches(text, text, text[], text[], text, uuid, int) is
  'The ids of matches in the order that is asked for, each with the value that it is sorted by; without any, of what is spelled alike.';

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
comment on function public.search_projects(text, text, text[], text[], int, text) is
  'Published projects by words, tags and technologies: {"projects", "next_cursor"}; see docs/portfolio.md.';
