-- The order of a project's images and videos: 0, 1, 2 and so on, without gaps.

-- Every writer of images or videos locks the media of their user before any row (an advisory lock for the transaction): two
-- writers who touch several rows in another order cannot deadlock. Without a user nothing is locked.
create function private.lock_user_media(user_id uuid) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('media of ' || user_id, 0))
$$;
comment on function private.lock_user_media(uuid) is
  'Locks the media of a user until the transaction ends; waits while another transaction has the lock.';

create function private.lock_own_media() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.lock_user_media(auth.uid());
  return null;
end
$$;
comment on function private.lock_own_media() is 'Trigger: locks the caller''s media, before the first row is locked.';

-- Not below another trigger, or a foreign key: there the rows above are held already.
create trigger lock_media before insert or update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media before insert or update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media before delete on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

-- A new row comes last, whatever it says; one that is there (an upsert) keeps what is written. A service that adds for a
-- user locks the owner's media here; a stranger locks nothing, and the policies refuse the row.
create function private.append_medium() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  known boolean;
begin
  perform private.lock_user_media(project.user_id) from public.projects as project
  where project.id = new.project_id and project.user_id = coalesce(auth.uid(), project.user_id);
  execute format('select exists (select from public.%I where id = $1)', tg_table_name) into known using new.id;
  if not known then
    execute format('select coalesce(max(position) + 1, 0) from public.%I where project_id = $1', tg_table_name)
      into new.position using new.project_id;
  end if;
  return new;
end
$$;
comment on function private.append_medium() is 'Trigger: a new image or video comes last.';

create trigger append before insert on public.project_images for each row execute function private.append_medium();
create trigger append before insert on public.project_videos for each row execute function private.append_medium();

-- Numbering locks all rows: a transaction that deletes some of them has ended by then.
create function private.lock_media_rows(kind text, project_id uuid) returns uuid[]
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
comment on function private.lock_media_rows(text, uuid) is
  'The images or videos of a project in their order, all locked for the caller.';

create function private.place_media(kind text, ids uuid[]) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
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

create function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
begin
  for project in
    select * from public.projects as known where known.id in (select removed.project_id from removed) order by known.id
  loop
    perform private.lock_user_media(project.user_id);
    perform private.place_media(kind, private.lock_media_rows(kind, project.id));
  end loop;
  return null;
end
$$;
comment on function private.close_media_gaps() is 'Trigger: what follows a deleted image or video moves up.';

create trigger close_gaps after delete on public.project_images referencing old table as removed
  for each statement execute function private.close_media_gaps();
create trigger close_gaps after delete on public.project_videos referencing old table as removed
  for each statement execute function private.close_media_gaps();

-- A changed position moves a row there, and the others make room: what several ask for at once comes in the order of
-- position and id. place_media itself runs below a trigger, or names places that are taken by nobody else.
create function private.move_media() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
  moved uuid[];
  places int[];
  others uuid[];
  placed uuid[];
begin
  for project in
    select * from public.projects as known where known.id in (
      select changed.project_id from changed join before on before.id = changed.id
      where changed.position <> before.position
    ) order by known.id
  loop
    perform private.lock_user_media(project.user_id);
    select
      array_agg(wanted.id order by wanted.position, wanted.id),
      array_agg(wanted.position order by wanted.position, wanted.id)
      into moved, places
    from (
      select changed.id, changed.position from changed join before on before.id = changed.id
      where changed.project_id = project.id and changed.position <> before.position
    ) as wanted;
    select coalesce(array_agg(held.id order by held.place), '{}') into others
    from unnest(private.lock_media_rows(kind, project.id)) with ordinality as held (id, place)
    where held.id <> all (moved);
    placed := '{}';
    while cardinality(moved) + cardinality(others) > 0 loop
      if cardinality(others) = 0 or (cardinality(moved) > 0 and places[1] <= cardinality(placed)) then
        placed := placed || moved[1];
        moved := moved[2:];
        places := places[2:];
      else
        placed := placed || others[1];
        others := others[2:];
      end if;
    end loop;
    perform private.place_media(kind, placed);
  end loop;
  return null;
end
$$;
comment on function private.move_media() is 'Trigger: a changed position moves an image or video there.';

create trigger move after update on public.project_images referencing old table as before new table as changed
  for each statement when (pg_trigger_depth() = 0) execute function private.move_media();
create trigger move after update on public.project_videos referencing old table as before new table as changed
  for each statement when (pg_trigger_depth() = 0) execute function private.move_media();

-- The whole order at once: a caller who saw another list than there is now gets an error, and nothing is lost between two callers.
create function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
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
