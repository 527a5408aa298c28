-- Search finds words without their accents, by the owner's names, and what is spelled nearly alike.

-- "koln" finds "Köln", and a word that is nearly right what it was meant for. Hosted projects have both extensions.
create extension if not exists unaccent with schema extensions;
create extension if not exists pg_trgm with schema extensions;

-- Immutable, as indexed text has to be: the rules of unaccent change with PostgreSQL's major version alone.
create or replace function private.fold(text text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select extensions.unaccent('extensions.unaccent'::regdictionary, lower(normalize($1)))
$$;
comment on function private.fold(text) is 'A text as it is compared in search: in lower case, without accents.';
revoke all on function private.fold(text) from public, anon, authenticated, service_role;

delete from private.project_search;
alter table private.project_search add column title text not null, add column names text not null;
comment on column private.project_search.document is
  'Title (A), tags, technologies and the owner''s names (B) and summary (C) as English words, folded, and each tag and technology whole: tag:..., technology:...';
comment on column private.project_search.title is 'The title, folded: who searches for exactly that gets it first.';
comment on column private.project_search.names is
  'Title, tags, technologies and the owner''s names, folded: what a word that is spelled nearly like them finds.';

create index project_search_names_idx on private.project_search using gin (names extensions.gin_trgm_ops) with (fastupdate = off);
-- Those with exactly a title, the newest first.
create index project_search_exact_title_idx on private.project_search (title, published_at desc);

drop index public.projects_lower_title_idx;

create or replace function private.index_projects(ids uuid[]) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
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
  cross join lateral (
    select coalesce(sum(latest.stars), 0)::int as stars, least(coalesce(sum(latest.likes::bigint), 0), 2147483647)::int as likes
    from private.current_metrics(project.id) as latest
  ) as metric
  where project.id = any (ids) and project.status = 'published' and project.hidden_at is null
  order by project.id
  on conflict (project_id) do update set
    document = excluded.document, tags = excluded.tags, technologies = excluded.technologies,
    published_at = excluded.published_at, stars = excluded.stars, likes = excluded.likes,
    title = excluded.title, names = excluded.names
  where entry is distinct from excluded;
$$;
comment on function private.index_projects(uuid[]) is 'Makes the entries of these projects what they are now.';

create or replace function private.index_renamed_owner() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.index_projects(array(select project.id from public.projects as project where project.user_id = new.id));
  return null;
end
$$;
comment on function private.index_renamed_owner() is 'Trigger: the projects of a user whose names changed are indexed again.';
revoke all on function private.index_renamed_owner() from public, anon, authenticated, service_role;

create trigger update_search after update on private.users
  for each row when ((old.username, old.name) is distinct from (new.username, new.name))
  execute function private.index_renamed_owner();

select private.index_projects(array(select project.id from public.projects as project where project.status = 'published'));

create or replace function private.search_filter(tags text[], technologies text[]) returns tsquery
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select string_agg('''' || replace(replace(wanted.lexeme, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
  from (
    select 'tag:' || private.fold(tag) as lexeme from unnest(tags) as tag
    union all
    select 'technology:' || private.fold(technology) from unnest(technologies) as technology
  ) as wanted
  where wanted.lexeme is not null
$$;
comment on function private.search_filter(text[], text[]) is 'Whole tags and technologies, all of them, folded; null where there are none.';

-- The same by the index of words: the cheap way where few match. At most 5,000 of them are sorted. No text is made into a statement:
-- planning would be a third of it.
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
      select case sort_column when 'stars' then known.stars when 'likes' then known.likes end as number
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
comment on function private.pick_search(tsquery, text, text, uuid, int) is
  'Matches in the order of a column, looked for by their words.';

drop function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int);
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
revoke all on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;

-- What is spelled like it: of the first 300 that share two fifths of its groups of three letters, the nearest. By the index, which
-- the planner would leave for a common word.
create or replace function private.resemble_search(words text, filter tsquery, most int) returns table (project_id uuid, sort_value text)
language plpgsql stable set search_path = pg_catalog, pg_temp
set pg_trgm.word_similarity_threshold = 0.4 set enable_seqscan = off as $$
#variable_conflict use_column
begin
  return query
  select entry.project_id, entry.similarity::text from (
    select known.project_id, extensions.word_similarity(words, known.names) as similarity, known.published_at
    from private.project_search as known
    where known.names operator(extensions.%>) words and (filter is null or known.document @@ filter) limit 300
  ) as entry order by entry.similarity desc, entry.published_at desc, entry.project_id desc limit most;
end
$$;
comment on function private.resemble_search(text, tsquery, int) is 'Projects whose names are spelled like these words, the nearest first.';
revoke all on function private.resemble_search(text, tsquery, int) from public, anon, authenticated, service_role;

-- Definer: the entries are nobody's to read.
create or replace function private.find_matches(
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
