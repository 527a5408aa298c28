-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Whoever changes an order holds the project's row first, so that two never number the same rows, and then every image
-- or video of it. Who deletes one holds that one already: holding them all, one has waited for whoever deletes, and what
-- they deleted is not among them.
create function private.hold_media(kind text, project_id uuid) returns uuid[]
language plpgsql set search_path = '' as $$
declare
  held uuid[];
begin
  execute format(
    'select array_agg(held.id order by held.position, held.id)
     from (select id, position from public.%1$I where project_id = $1 for update) as held',
    'project_' || $1 || 's'
  ) into held using $2;
  return coalesce(held, '{}');
end
$$;
comment on function private.hold_media(text, uuid) is
  'The images or videos of a project in their order, all locked for the caller.';

create function private.place_media(kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
begin
  execute format(
    'update public.%1$I as medium set position = wanted.place - 1
     from unnest($1) with ordinality as wanted (id, place)
     where medium.id = wanted.id and medium.position <> wanted.place - 1',
    'project_' || $1 || 's'
  ) using $2;
end
$$;
comment on function private.place_media(text, uuid[]) is 'Numbers images or videos from 0, in the given order.';

-- Who deletes holds the deleted row already: it must not wait for the project, whose holder may wait for that row.
-- Where somebody else holds the project, they number what is left: they wait for this deletion first.
create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project uuid;
begin
  for project in select distinct removed.project_id from removed loop
    perform from public.projects where projects.id = project for no key update skip locked;
    if found then
      perform private.place_media(kind, private.hold_media(kind, project));
    end if;
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

create trigger close_gaps after delete on public.project_images referencing old table as removed
  for each statement execute function private.close_media_gaps();
create trigger close_gaps after delete on public.project_videos referencing old table as removed
  for each statement execute function private.close_media_gaps();

-- The whole order at once: who saw another list than there is now is told so, and nothing is lost between two callers.
create function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.hold_media(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';
