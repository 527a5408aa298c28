-- Search: letters that fold to several make no filter too long, and signs alone are looked for in no index.

create or replace function private.search_filter(tags text[], technologies text[]) returns tsquery
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select string_agg('''' || replace(replace(wanted.lexeme, '\', '\\'), '''', '''''') || '''', ' & ')::tsquery
  from (
    select 'tag:' || left(private.fold(tag), 500) as lexeme from unnest(tags) as tag
    union all
    select 'technology:' || left(private.fold(technology), 500) from unnest(technologies) as technology
  ) as wanted
  where wanted.lexeme is not null
$$;

create or replace function private.resemble_search(words text, filter tsquery, most int) returns table (project_id uuid, sort_value text)
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
