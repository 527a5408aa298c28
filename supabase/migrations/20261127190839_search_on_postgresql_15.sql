-- Search asked for a function that PostgreSQL 15 does not have.
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
