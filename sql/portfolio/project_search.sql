-- The entries that search_projects looks through, one of each published project, kept by triggers.

-- "koln" finds "Köln", and a word that is nearly right what it was meant for. Hosted projects have both extensions.
create extension if not exists unaccent with schema extensions;
create extension if not exists pg_trgm with schema extensions;

-- Immutable, as indexed text has to be: the rules of unaccent change with PostgreSQL's major version alone.
create function private.fold(text text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select extensions.unaccent('extensions.unaccent'::regdictionary, lower(normalize($1)))
$$;
comment on function private.fold(text) is 'A text as it is compared in search: in lower case, without accents.';

-- Apart from projects, so that `select *` does not send it.
create table private.project_search (
  project_id uuid primary key references public.projects (id) on delete cascade,
  document tsvector not null,
  tags text[] not null,
  technologies text[] not null,
  published_at timestamptz not null,
  title text not null,
  names text not null
);
comment on table private.project_search is 'The published projects as search finds them; kept by triggers.';
comment on column private.project_search.document is
  'Title (A), tags, technologies and the owner''s names (B) and summary (C) as English words, folded, and each tag and technology whole: tag:..., technology:...';
comment on column private.project_search.title is 'The title, folded: who searches for exactly that gets it first.';
comment on column private.project_search.names is
  'Title, tags, technologies and the owner''s names, folded: what a word that is spelled nearly like them finds.';

-- Without a pending list, which each search would have to read through.
create index project_search_document_idx on private.project_search using gin (document) with (fastupdate = off);
create index project_search_title_idx on private.project_search using gin (ts_filter(document, '{a}')) with (fastupdate = off);
create index project_search_names_idx on private.project_search using gin (names extensions.gin_trgm_ops) with (fastupdate = off);
-- Those with exactly a title, the newest first.
create index project_search_exact_title_idx on private.project_search (title, published_at desc);
create index project_search_published_at_idx on private.project_search (published_at desc, project_id desc);

create function private.index_projects(ids uuid[]) returns void
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
  'Trigger: projects whose tags or technologies changed are indexed again.';

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
create function private.index_renamed_owner() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.index_projects(array(select project.id from public.projects as project where project.user_id = new.id));
  return null;
end
$$;
comment on function private.index_renamed_owner() is 'Trigger: the projects of a user whose names changed are indexed again.';

create trigger update_search after update on private.users
  for each row when ((old.username, old.name) is distinct from (new.username, new.name))
  execute function private.index_renamed_owner();
