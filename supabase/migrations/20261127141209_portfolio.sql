-- Portfolio, number 9 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/portfolio/project_pages.sql

-- What a project's page shows, in one call: also of one that no list has, to a caller who knows where it is.

-- A computed relationship of PostgREST: projects?select=title,latest_metrics(platform,stars,likes). The row's word is not taken
-- for it: the caller must see the project.
create function public.latest_metrics(project public.projects) returns setof public.social_metrics
language sql stable rows 3 set search_path = pg_catalog, pg_temp as $$
  select * from private.current_metrics((select known.id from public.projects as known where known.id = $1.id))
$$;
comment on function public.latest_metrics(public.projects) is
  'The latest snapshot of each link of a project, to embed in any list of projects.';

create function private.project_page(project public.projects) returns jsonb
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
      from private.current_metrics(project.id) as metric
    )
  )
$$;
comment on function private.project_page(public.projects) is 'A project with all that its page shows, as PostgREST would embed it.';

create function public.get_project_page(project_id uuid) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.project_page(project)
  from public.projects as project
  where project.id = $1 and private.can_open_project(project)
$$;
comment on function public.get_project_page(uuid) is
  'A project with owner, media, tags, technologies, published layout and latest numbers; null where the caller may not see it. '
  'Unlisted ones are found here alone.';

-- Links that show a draft to those whom its owner gives one.
create table public.project_previews (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  token_hash text not null constraint project_previews_token_hash_unique unique
    constraint project_previews_token_hash_format check (token_hash ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table public.project_previews is
  e'Links that show a project before it is published; deleting one revokes it.\n'
  '@graphql({"name": "ProjectPreview"})';
comment on constraint project_previews_project_id_fkey on public.project_previews is
  '@graphql({"local_name": "previews", "foreign_name": "project"})';
comment on column public.project_previews.token_hash is 'SHA-256 of the token, which create_project_preview alone shows, once.';
create index project_previews_project_id_idx on public.project_previews (project_id);

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_previews_token_hash_format on public.project_previews is
  'A token hash is a SHA-256 in hexadecimal digits.';

create function private.token_hash(token text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$ select encode(sha256(convert_to($1, 'utf8')), 'hex') $$;
comment on function private.token_hash(text) is 'By which a token is stored. It is random: no salt is needed.';

-- Definer, because the hash is nobody's to write. The lock keeps two requests from sharing the last place.
create function public.create_project_preview(project_id uuid, days int default 7) returns jsonb
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
    raise exception 'days is from 1 to 90.' using errcode = 'invalid_parameter_value';
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

create function public.get_project_preview(token text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.project_page(project) from public.project_previews as preview
  join public.projects as project on project.id = preview.project_id and project.hidden_at is null
  where preview.token_hash = private.token_hash($1) and preview.expires_at > now()
$$;
comment on function public.get_project_preview(text) is
  'What get_project_page gives, for a token that has neither expired nor been revoked; else null.';

-- sql/portfolio/project_search.sql

-- The entries that search_projects looks through, one of each published project, kept by triggers.

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

-- sql/portfolio/search_projects.sql

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

-- sql/portfolio/project_views.sql

-- How often a project's page was seen, by day: no cookie, no address, no bots.

create table public.project_views (
  project_id uuid not null references public.projects (id) on delete cascade,
  day date not null,
  views int not null constraint project_views_views_range check (views >= 0),
  primary key (project_id, day)
);
comment on table public.project_views is
  e'Views of a project a day (UTC), for its owner; written by record_project_view.\n'
  '@graphql({"name": "ProjectView"})';
comment on constraint project_views_project_id_fkey on public.project_views is
  '@graphql({"local_name": "views", "foreign_name": "project"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_views_views_range on public.project_views is 'Views must be 0 or more.';

-- What says of itself that it is no reader: crawlers, previews of links, monitors and programs; and what a browser fetches
-- before anybody looks at it.
create function private.is_view() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(headers ->> 'user-agent', '') ~ '^Mozilla/|^Opera/'
    and headers ->> 'user-agent' !~* '(bot|crawl|spider|slurp|scrape|preview|headless|lighthouse|inspect|monitor|fetch|archiver'
      '|externalhit|pingdom|phantom|selenium|puppeteer|playwright|mediapartners|validator|whatsapp|scan)'
    and concat_ws(' ', headers ->> 'sec-purpose', headers ->> 'purpose', headers ->> 'x-moz', headers ->> 'x-purpose')
      !~* '(prefetch|prerender|preview)'
  from (select nullif(current_setting('request.headers', true), '')::jsonb as headers) as request
$$;
comment on function private.is_view() is 'Whether the request says to come from a browser that somebody looks at.';

-- One view a day for each address and browser, ten for each address, so that one stranger adds little whatever they send; and
-- a thousand calls, counted first, so that they leave little as well. The owner's own do not count.
create function public.record_project_view(project_id uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  address constant text := private.caller_address();
  agent constant text := nullif(current_setting('request.headers', true), '')::jsonb ->> 'user-agent';
begin
  if private.is_view() is not true or not exists (
    select from public.projects as project where project.id = $1 and project.status in ('published', 'unlisted')
      and project.hidden_at is null and project.user_id is distinct from (select auth.uid())
  ) then
    return;
  end if;
  if private.use_daily('views', address, 1000)
    and private.use_daily('view', concat_ws(' ', $1, address, agent), 1)
    and private.use_daily('views of a project', concat_ws(' ', $1, address), 10)
  then
    insert into public.project_views as counted (project_id, day, views)
    values ($1, (now() at time zone 'utc')::date, 1)
    on conflict (project_id, day) do update set views = counted.views + 1;
  end if;
end
$$;
comment on function public.record_project_view(uuid) is
  'A page of a project was opened: counts once a day for each visitor, and not for bots, prefetches and the owner. Says nothing.';

-- sql/portfolio/contact_messages.sql

-- A message to the owner of a project, by e-mail: neither learns the other's address but by an answer.

-- What a stranger wrote is kept until it is sent, and no longer.
create function private.forget_contact_message() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.payload := '{}';
  return new;
end
$$;
comment on function private.forget_contact_message() is 'Trigger: a message to an owner is not kept once it is sent, or never will be.';

create trigger forget_contact_message before update on public.notifications
  for each row when (new.type = 'contact_message' and new.status not in ('queued', 'sending'))
  execute function private.forget_contact_message();

-- The same message again is the same message: a caller that lost the answer may repeat it. Definer: it reads whose project it is,
-- and counts under hashes of the day (sql/core/daily_uses.sql).
create function public.send_contact_message(project_id uuid, name text, email text, message text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  project public.projects;
  sender constant text := trim($2);
  reply_to constant text := lower(trim($3));
  message_hash text;
begin
  -- It is in the subject: no line separators either, and nothing that turns the direction of what follows.
  if coalesce(char_length(sender), 0) not between 1 and 100
    or sender ~ '[[:cntrl:]\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]' or sender !~ '[^[:space:]\u200b\ufeff]'
  then
    raise exception 'name has 1 to 100 characters, on one line.' using errcode = 'invalid_parameter_value', detail = 'field: name';
  elsif coalesce(char_length(reply_to), 0) not between 3 and 254
    or reply_to !~ '^[^[:space:][:cntrl:]@<>(),;:"\\.]+(\.[^[:space:][:cntrl:]@<>(),;:"\\.]+)*'
      '@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]$'
  then
    raise exception 'email is an e-mail address.' using errcode = 'invalid_parameter_value', detail = 'field: email';
  elsif coalesce(char_length(trim($4)), 0) not between 1 and 5000 or $4 !~ '[^[:space:]\u200b\ufeff]' then
    raise exception 'message has 1 to 5,000 characters.' using errcode = 'invalid_parameter_value', detail = 'field: message';
  end if;
  select * into project from public.projects as known
  where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null;
  if project.id is null then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.wants_notification(project.user_id, 'contact_message') then
    raise exception 'The owner of this project takes no messages.' using errcode = 'PT409';
  end if;
  message_hash := encode(sha256(convert_to(
    concat_ws(' ', (now() at time zone 'utc')::date, project.id, reply_to, trim($4)), 'utf8'
  )), 'hex');
  if exists (
    select from public.notifications as sent
    where sent.user_id = project.user_id and sent.type = 'contact_message' and sent.dedupe_key = message_hash
  ) then
    return;
  end if;
  if not (
    private.use_daily('contact from an address', private.caller_address(), 5)
    and private.use_daily('contact as an e-mail address', reply_to, 5)
  ) then
    raise exception 'You have sent as many messages today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  elsif not private.use_daily('contact to a user', project.user_id::text, 20) then
    raise exception 'This user has as many messages today as they take.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  end if;
  perform private.queue_notification(project.user_id, 'contact_message', message_hash, jsonb_build_object(
    'project', project.title, 'name', sender, 'email', reply_to, 'message', trim($4)
  ));
end
$$;
comment on function public.send_contact_message(uuid, text, text, text) is
  'Sends the owner of a project an e-mail that can be answered to `email`. Five a day from an address, twenty a day to a user.';

-- sql/portfolio/moderation.sql

-- Reports of projects, and what operators did about them.

create table public.project_reports (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  reporter_id uuid references private.users (id) on delete cascade,
  reason text not null constraint project_reports_reason_choices check (
    reason in ('spam', 'harassment', 'copyright', 'illegal', 'personal_data', 'malware', 'other')
  ),
  details text constraint project_reports_details_length check (char_length(details) between 1 and 2000),
  created_at timestamptz not null default now(),
  closed_at timestamptz
);
comment on table public.project_reports is
  e'What is wrong with a project, as somebody says; for operators.\n'
  '@graphql({"name": "ProjectReport", "foreign_keys": [{'
  '"local_columns": ["reporter_id"], "local_name": "reports", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "reporter"'
  '}]})';
comment on constraint project_reports_project_id_fkey on public.project_reports is
  '@graphql({"local_name": "reports", "foreign_name": "project"})';
comment on column public.project_reports.reporter_id is 'Who reported it; null: a visitor.';
comment on column public.project_reports.closed_at is 'When an operator hid the project or dismissed the report.';
create index project_reports_project_id_idx on public.project_reports (project_id);
create index project_reports_reporter_id_idx on public.project_reports (reporter_id);
-- What operators have to look at, the oldest first.
create index project_reports_open_idx on public.project_reports (created_at) where closed_at is null;

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_reports_reason_choices on public.project_reports is
  'Reason is spam, harassment, copyright, illegal, personal_data, malware or other.';
comment on constraint project_reports_details_length on public.project_reports is 'Details must have 1 to 2,000 characters.';

create table public.moderation_actions (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  action text not null constraint moderation_actions_action_choices check (action in ('hide', 'unhide', 'dismiss')),
  operator text not null constraint moderation_actions_operator_length check (char_length(operator) between 1 and 100),
  reason text not null constraint moderation_actions_reason_length check (char_length(reason) between 1 and 500),
  created_at timestamptz not null default now()
);
comment on table public.moderation_actions is
  e'What operators did about projects, who and why: only ever added to.\n'
  '@graphql({"name": "ModerationAction"})';
comment on constraint moderation_actions_project_id_fkey on public.moderation_actions is
  '@graphql({"local_name": "moderationActions", "foreign_name": "project"})';
create index moderation_actions_project_id_idx on public.moderation_actions (project_id, created_at);

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint moderation_actions_action_choices on public.moderation_actions is 'Action is hide, unhide or dismiss.';
comment on constraint moderation_actions_operator_length on public.moderation_actions is 'Operator must have 1 to 100 characters.';
comment on constraint moderation_actions_reason_length on public.moderation_actions is 'Reason must have 1 to 500 characters.';

-- Twice from one address on one day is once. Definer: visitors write here and nowhere else.
create function public.report_project(project_id uuid, reason text, details text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  address constant text := private.caller_address();
  reporter constant uuid := (select profile.id from private.users as profile where profile.id = auth.uid());
begin
  if not exists (
    select from public.projects as known
    where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null
  ) then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.use_daily('reports', address, 20) then
    raise exception 'You have reported as many projects today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  elsif private.use_daily('report', concat_ws(' ', $1, coalesce(reporter::text, address)), 1)
    and private.use_daily('reports of a project', $1::text, 50)
  then
    insert into public.project_reports (project_id, reporter_id, reason, details)
    values ($1, reporter, $2, nullif(trim($3), ''));
  end if;
end
$$;
comment on function public.report_project(uuid, text, text) is
  'Tells the operators what is wrong with a project: spam, harassment, copyright, illegal, personal_data, malware or other.';

-- The one way to change what is hidden: with a name, a reason and an entry, all together.
create function public.moderate_project(project_id uuid, action text, operator text, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform from public.projects as project where project.id = $1 for no key update;
  if not found then
    raise exception 'There is no such project.' using errcode = 'PT404';
  end if;
  insert into public.moderation_actions (project_id, action, operator, reason) values ($1, $2, $3, $4);
  if $2 <> 'dismiss' then
    update public.projects as project set
      hidden_at = case $2 when 'hide' then coalesce(project.hidden_at, now()) end,
      hidden_reason = case $2 when 'hide' then $4 end
    where project.id = $1;
  end if;
  if $2 <> 'unhide' then
    update public.project_reports as report set closed_at = now() where report.project_id = $1 and report.closed_at is null;
  end if;
end
$$;
comment on function public.moderate_project(uuid, text, text, text) is
  'Operators: hide (the owner reads the reason), unhide, or dismiss the reports of a project; kept in moderation_actions.';

-- policies/portfolio.sql

-- Who may read, write and call what of portfolio: row-level security, and grants by column where a row mixes public and private.

-- Owners see and revoke their preview links, and make them by create_project_preview.
alter table public.project_previews enable row level security;

create policy "owners see their preview links" on public.project_previews for select to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));
create policy "owners revoke their preview links" on public.project_previews for delete to authenticated
  using (exists (
    select from public.projects
    where projects.id = project_previews.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_previews from anon, authenticated, service_role;
grant select, delete on table public.project_previews to authenticated, service_role;

revoke all on function public.latest_metrics(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.project_page(public.projects) from public, anon, authenticated, service_role;
revoke all on function private.token_hash(text) from public, anon, authenticated, service_role;
revoke all on function public.get_project_page(uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_project_preview(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.get_project_preview(text) from public, anon, authenticated, service_role;
grant execute on function public.latest_metrics(public.projects) to anon, authenticated, service_role;
grant execute on function public.get_project_page(uuid) to anon, authenticated, service_role;
grant execute on function public.create_project_preview(uuid, int) to authenticated;
grant execute on function public.get_project_preview(text) to anon, authenticated, service_role;

-- The entries are nobody's to read or write.
alter table private.project_search enable row level security;

create policy "nobody through the API" on private.project_search for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.project_search from anon, authenticated, service_role;

revoke all on function private.index_projects(uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.index_project() from public, anon, authenticated, service_role;
revoke all on function private.index_changed_projects() from public, anon, authenticated, service_role;

-- Everybody searches what is published, by the one function.
revoke all on function private.search_filter(text[], text[]) from public, anon, authenticated, service_role;
revoke all on function private.scan_search(tsquery, text, text, uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function private.pick_search(tsquery, text, text, uuid, int) from public, anon, authenticated, service_role;
revoke all on function private.rank_search(text, tsquery, tsquery, boolean, text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function private.find_matches(text, text, text[], text[], text, uuid, int)
  from public, anon, authenticated, service_role;
revoke all on function public.search_projects(text, text, text[], text[], int, text)
  from public, anon, authenticated, service_role;
grant execute on function public.search_projects(text, text, text[], text[], int, text) to anon, authenticated, service_role;

-- For the owner; visitors and crawlers add through record_project_view alone.
alter table public.project_views enable row level security;

create policy "owners see the views of their projects" on public.project_views for select to authenticated
  using (exists (
    select from public.projects where projects.id = project_views.project_id and projects.user_id = (select auth.uid())
  ));

revoke all on table public.project_views from anon, authenticated, service_role;
grant select on table public.project_views to authenticated, service_role;

revoke all on function private.is_view() from public, anon, authenticated, service_role;
revoke all on function public.record_project_view(uuid) from public, anon, authenticated, service_role;
grant execute on function public.record_project_view(uuid) to anon, authenticated;

-- Any caller who sees a project may write to its owner.
revoke all on function private.forget_contact_message() from public, anon, authenticated, service_role;
revoke all on function public.send_contact_message(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.send_contact_message(uuid, text, text, text) to anon, authenticated;

-- For operators, with the secret key: who reported what is nobody else's to read, and what was done is nobody's to change.
alter table public.project_reports enable row level security;
alter table public.moderation_actions enable row level security;

create policy "operators see the reports" on public.project_reports for select to service_role using (true);
create policy "operators see what was done" on public.moderation_actions for select to service_role using (true);

revoke all on table public.project_reports from anon, authenticated, service_role;
revoke all on table public.moderation_actions from anon, authenticated, service_role;
grant select on table public.project_reports to service_role;
grant select on table public.moderation_actions to service_role;

revoke all on function public.report_project(uuid, text, text) from public, anon, authenticated, service_role;
revoke all on function public.moderate_project(uuid, text, text, text) from public, anon, authenticated, service_role;
grant execute on function public.report_project(uuid, text, text) to anon, authenticated;
grant execute on function public.moderate_project(uuid, text, text, text) to service_role;

reset check_function_bodies;
