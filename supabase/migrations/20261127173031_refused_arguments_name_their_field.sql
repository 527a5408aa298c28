-- A refused argument of an RPC is named in details, as docs/clients.md says.

-- As in reorder_project_media: the user's lock first, so that two requests do not mix their numbers.
create or replace function public.reorder_projects(ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  own uuid[];
begin
  perform private.lock_user_media((select auth.uid()));
  own := array(
    select project.id from public.projects as project
    where project.user_id = (select auth.uid())
    order by array_position(ids, project.id) nulls last, project.position, project.created_at desc, project.id
  );
  if ids is null or not ids <@ own then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif cardinality(ids) <> (select count(distinct wanted.id) from unnest(ids) as wanted (id)) then
    raise exception 'Name each project once.' using errcode = 'invalid_parameter_value', detail = 'field: ids';
  end if;
  update public.projects as project set position = wanted.place - 1
  from unnest(own) with ordinality as wanted (id, place)
  where project.id = wanted.id and project.position <> wanted.place - 1;
end
$$;
comment on function public.reorder_projects(uuid[]) is
  'Puts the caller''s projects into this order; those that are not named follow, as they were.';

-- The whole order at once: a caller who saw another list than there is now gets an error, and nothing is lost between two callers.
create or replace function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value', detail = 'field: kind';
  end if;
  perform private.lock_user_media(auth.uid());
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.lock_media_rows(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value', detail = 'field: ids',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';

-- Definer, because the hash is nobody's to write. The lock keeps two requests from sharing the last place.
create or replace function public.create_project_preview(project_id uuid, days int default 7) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  token constant text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
  made public.project_previews;
begin
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif days is null or days not between 1 and 90 then
    raise exception 'days is from 1 to 90.' using errcode = 'invalid_parameter_value', detail = 'field: days';
  end if;
  delete from public.project_previews as known where known.project_id = $1 and known.expires_at <= now();
  if (select count(*) >= 10 from public.project_previews as known where known.project_id = $1) then
    raise exception 'A project may have 10 preview links at most.' using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  insert into public.project_previews (project_id, token_hash, expires_at)
  values ($1, private.token_hash(token), now() + make_interval(days => days)) returning * into made;
  return jsonb_build_object('id', made.id, 'token', token, 'expires_at', made.expires_at);
end
$$;
comment on function public.create_project_preview(uuid, int) is
  'A link to a project of the caller''s, whatever its status: {id, token, expires_at}. The token is shown this once.';

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
  elsif cursor is not null and (after is null or char_length(cursor) > 100 or not pg_input_is_valid(after[1], case
    when wanted in ('stars', 'likes') then 'int4'
    when wanted = 'relevance' and query ~ '[^[:space:]]' then 'float4'
    else 'timestamptz'
  end)) then
    raise exception 'cursor is the next_cursor of another answer.' using errcode = 'invalid_parameter_value', detail = 'field: cursor';
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
