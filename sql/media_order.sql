-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Whoever changes an order holds the project's row first, so that two never number the same rows.
create function private.number_media(kind text, project_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  execute format(
    'update public.%1$I as medium set position = ordered.place
     from (
       select id, row_number() over (order by position, id) - 1 as place from public.%1$I where project_id = $1
     ) as ordered
     where ordered.id = medium.id and medium.position <> ordered.place',
    'project_' || $1 || 's'
  ) using $2;
end
$$;
comment on function private.number_media(text, uuid) is 'Numbers a project''s images or videos from 0, in their order.';

-- Who deletes holds the deleted row already: it must not wait for the project, whose holder may wait for that row.
-- Where somebody else holds the project, their numbering or the next one closes the gap.
create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  project uuid;
begin
  for project in select distinct removed.project_id from removed loop
    perform from public.projects where projects.id = project for no key update skip locked;
    if found then
      perform private.number_media(case tg_table_name when 'project_images' then 'image' else 'video' end, project);
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
declare
  present uuid[];
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if kind = 'image' then
    select array_agg(image.id order by image.id) into present
    from public.project_images as image where image.project_id = $1;
  else
    select array_agg(video.id order by video.id) into present
    from public.project_videos as video where video.project_id = $1;
  end if;
  if coalesce(present, '{}') <> coalesce((select array_agg(given order by given) from unnest(ids) as given), '{}') then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  if kind = 'image' then
    update public.project_images as image set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where image.id = wanted.id and image.project_id = $1 and image.position <> wanted.place - 1;
  else
    update public.project_videos as video set position = wanted.place - 1
    from unnest(ids) with ordinality as wanted (id, place)
    where video.id = wanted.id and video.project_id = $1 and video.position <> wanted.place - 1;
  end if;
end
$$;
comment on function public.reorder_project_media(uuid, text, uuid[]) is
  'Puts the images or videos of one''s own project in the order of their ids; all of them must be named.';
