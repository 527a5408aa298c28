-- A relevance search ranks each candidate where it is read, instead of reading it again by its id; and projects with exactly the title
-- that is searched are always found, and first.

drop function private.rank_search(tsquery, tsquery, boolean, text, uuid, int);

-- Those with exactly a title, the newest first.
create index projects_lower_title_idx on public.projects (lower(title), published_at desc) where status = 'published';

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

create or replace function private.find_matches(
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

revoke all on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
