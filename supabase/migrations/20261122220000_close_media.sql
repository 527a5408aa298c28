-- What everybody sees is looked at first, nothing outlives its person, and an order has no gaps.

-- Into public buckets only handlers write: a file that confirmUpload has not seen could be anything. The profile is asked
-- for because a token outlives its person for a while.
alter policy "people add files to their own folder" on storage.objects
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );
alter policy "people replace their own files" on storage.objects
  using (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
  )
  with check (
    bucket_id = 'ai-assets'
    and (storage.foldername(name))[1] = (select auth.uid()::text)
    and exists (select from private.users where users.id = (select auth.uid()))
  );

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
create or replace function private.close_media_gaps() returns trigger
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

-- The whole order at once: who saw another list than there is now is told so, and nothing is lost between two callers.
create or replace function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
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

-- Project first, then the upload, as everywhere: callers wait in one order. Confirming twice is confirming once.
create or replace function public.confirm_media_upload(user_id uuid, upload_id uuid, url text, limits jsonb) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

drop function private.number_media(text, uuid);

-- Whoever reorders holds and places with their own rights, under row-level security.
revoke all on function private.hold_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.place_media(text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function private.hold_media(text, uuid) to authenticated;
grant execute on function private.place_media(text, uuid[]) to authenticated;
