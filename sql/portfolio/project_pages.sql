-- What a project's page shows, in one call: also of one that no list has, to a caller who knows where it is.

-- A computed relationship of PostgREST: projects?select=title,latest_metrics(platform,stars,likes). The row's word is not taken
-- for it: the caller must see the project.
create function public.latest_metrics(project public.projects) returns setof public.social_metrics
language sql stable rows 3 set search_path = pg_catalog, pg_temp as $$
  select * from private.current_metrics(array(select known.id from public.projects as known where known.id = $1.id))
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
      from private.current_metrics(array[project.id]) as metric
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

create function public.get_project_preview(token text) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select private.project_page(project) from public.project_previews as preview
  join public.projects as project on project.id = preview.project_id and project.hidden_at is null
  where preview.token_hash = private.token_hash($1) and preview.expires_at > now()
$$;
comment on function public.get_project_preview(text) is
  'What get_project_page gives, for a token that has neither expired nor been revoked; else null.';
