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
-- before anybody looks at it. CUBOT makes telephones.
create function private.is_view() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(headers ->> 'user-agent', '') ~ '^Mozilla/|^Opera/'
    and headers ->> 'user-agent' !~* '((?<!cu)bot|crawl|spider|slurp|scrape|preview|headless|lighthouse|inspect|monitor|fetch'
      '|archiver|externalhit|pingdom|phantom|selenium|puppeteer|playwright|mediapartners|validator|whatsapp|scan)'
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
