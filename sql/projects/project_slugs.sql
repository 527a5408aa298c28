-- The address of a project: /<username>/<slug>. A changed one goes on leading to its project.

create table private.former_slugs (
  user_id uuid not null references private.users (id) on delete cascade,
  slug text not null constraint former_slugs_slug_length check (char_length(slug) between 1 and 80),
  project_id uuid not null references public.projects (id) on delete cascade,
  changed_at timestamptz not null default now(),
  primary key (user_id, slug)
);
comment on table private.former_slugs is 'Slugs that a project had: they lead to it until another project of the user has them.';
create index former_slugs_project_id_idx on private.former_slugs (project_id, changed_at desc);

create view private.used_slugs with (security_invoker = true) as
select project.user_id, project.id as project_id, project.slug from public.projects as project
union all
select former.user_id, former.project_id, former.slug from private.former_slugs as former;
comment on view private.used_slugs is 'The slugs that lead to a project, now or still.';

-- Definer, because former slugs are nobody's to read. A stranger's row, which the policies refuse afterwards, waits for nobody.
create function private.make_slug() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  base constant text := coalesce(private.slug(new.title, 60), 'project');
begin
  if tg_op = 'INSERT' and new.user_id = coalesce(auth.uid(), new.user_id) then
    perform private.lock_user_media(new.user_id);
  end if;
  new.slug := base;
  if exists (
    select from private.used_slugs as used
    where used.user_id = new.user_id and used.slug = base and used.project_id <> new.id
  ) then
    new.slug := base || '-' || (
      select coalesce(max(substring(used.slug from '[0-9]+$')::int), 1) + 1
      from private.used_slugs as used
      where used.user_id = new.user_id and used.project_id <> new.id
        and starts_with(used.slug, base) and substring(used.slug from char_length(base) + 1) ~ '^-[0-9]{1,6}$'
    );
  end if;
  return new;
end
$$;
comment on function private.make_slug() is 'Trigger: a slug from the title where none is given, with a number where it is taken.';

create trigger make_slug before insert or update on public.projects
  for each row when (coalesce(new.slug, '') = '') execute function private.make_slug();

create function private.record_former_slug() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from private.former_slugs as former where former.user_id = new.user_id and former.slug = new.slug;
  if tg_op = 'UPDATE' then
    insert into private.former_slugs (user_id, slug, project_id) values (old.user_id, old.slug, old.id)
    on conflict (user_id, slug) do update set project_id = excluded.project_id, changed_at = excluded.changed_at;
    delete from private.former_slugs as former where former.project_id = new.id and former.slug in (
      select known.slug from private.former_slugs as known where known.project_id = new.id
      order by known.changed_at desc, known.slug offset 20
    );
  end if;
  return null;
end
$$;
comment on function private.record_former_slug() is 'Trigger: the last 20 slugs of a project go on leading to it.';

create trigger record_new_slug after insert on public.projects
  for each row execute function private.record_former_slug();
create trigger record_former_slug after update on public.projects
  for each row when (old.slug is distinct from new.slug) execute function private.record_former_slug();

-- An id stands for its project under any username, as it does in QR codes.
create function private.find_project(username text, slug text) returns uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when lower($2) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then $2::uuid
    else coalesce(
      (select project.id from public.projects as project where project.user_id = owner.id and project.slug = lower($2)),
      (select former.project_id from private.former_slugs as former where former.user_id = owner.id and former.slug = lower($2))
    )
  end
  from (select private.find_user($1) as id) as owner
$$;
comment on function private.find_project(text, text) is 'The project that an address leads to, or led to last; null where it leads nowhere.';

-- Unlisted projects are for those who know where they are: no policy can tell one that is asked for from one that is listed.
create function private.can_open_project(project public.projects) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select project.status in ('published', 'unlisted') and project.hidden_at is null
    or project.user_id = (select auth.uid()) or current_setting('role') = 'service_role'
$$;
comment on function private.can_open_project(public.projects) is 'Whether the caller may see a project whose address they know.';

create function public.find_page(username text, slug text default null) returns jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  project public.projects;
  owner uuid;
begin
  if $2 is null then
    owner := private.find_user($1);
  else
    select known.* into project from public.projects as known
    where known.id = private.find_project($1, $2) and private.can_open_project(known);
    owner := project.user_id;
  end if;
  return (
    select jsonb_build_object(
      'user_id', profile.id, 'username', profile.username, 'project_id', project.id, 'slug', project.slug
    ) from private.users as profile where profile.id = owner
  );
end
$$;
comment on function public.find_page(text, text) is
  'Where a page is now: {user_id, username, project_id, slug}, whatever case, former username, former slug or project id it is '
  'asked for by; null where the caller can see no such page.';
