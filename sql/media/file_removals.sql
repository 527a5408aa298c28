-- Files that nothing shows any more: queued in the transaction that let go of them, removed through the Storage API.

create table private.file_removals (
  bucket_id text not null check (char_length(bucket_id) between 1 and 100),
  name text not null check (char_length(name) between 1 and 1024),
  attempts int not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  last_error text check (char_length(last_error) <= 200),
  created_at timestamptz not null default now(),
  primary key (bucket_id, name)
);
comment on table private.file_removals is 'Files to be removed; a row goes once its file is gone.';

-- What may be tried now.
create index file_removals_next_attempt_at_idx on private.file_removals (next_attempt_at);

-- The name of a file that confirmUpload stored, <user>/<project>/<upload>.<ending>, from the address in its row.
create function private.media_file_name(url text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select substring(
    url from '/storage/v1/object/public/project-media/([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}\.[a-z0-9]{3,4})$'
  )
$$;
comment on function private.media_file_name(text) is 'The file behind an address, where confirmUpload stored it.';

-- Renditions and posters lie beside the file that they were made from, as <upload>-<what>.<ending>.
create function private.media_file_stem(name text) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select substring(name from '^([0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36})(?:-[a-z0-9]+)?\.[a-z0-9]{3,4}$')
$$;
comment on function private.media_file_stem(text) is
  'What the names of a file that confirmUpload stored, and of those made from it, have in common: <user>/<project>/<upload>.';

create function private.queue_media_files(name text) returns void
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.file_removals (bucket_id, name)
  select 'project-media', $1 where $1 is not null
  union
  select object.bucket_id, object.name from storage.objects as object
  where object.bucket_id = 'project-media' and starts_with(object.name, private.media_file_stem($1))
  on conflict do nothing
$$;
comment on function private.queue_media_files(text) is 'Queues a stored file, and what was made from it, for removal.';

-- Users link to what they like elsewhere; a stored file's row comes from confirmUpload, which counts it. Otherwise who
-- deletes a row and puts it back, before its file has gone, has more files than places.
create function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  known boolean;
begin
  -- The caller's role: current_user is the owner of this function.
  if current_setting('role') in ('anon', 'authenticated') and private.media_file_name(new.url) is not null then
    -- An upsert of what is there adds nothing.
    execute format('select exists (select from public.%I where id = $1 and url = $2)', tg_table_name)
      into known using new.id, new.url;
    if not known then
      raise exception 'Stored files are added by confirmUpload.' using errcode = 'insufficient_privilege';
    end if;
  end if;
  return new;
end
$$;
comment on function private.refuse_stored_file() is 'Trigger: users add no rows for stored files themselves.';

create trigger refuse_stored_file before insert on public.project_images
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();
create trigger refuse_stored_file before insert on public.project_videos
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();

-- A row's file lies in its project's folder, goes with it, and is counted there: neither moves to another project.
create function private.keep_project() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'The project of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_project() is 'Trigger: images and videos stay with their project.';

create trigger keep_project before update on public.project_images
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();
create trigger keep_project before update on public.project_videos
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();

-- A row's address is its owner's to choose: only a file in the folder of the row's own project goes with the row.
create function private.queue_media_file_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_media_files(file.name) from private.media_file_name(old.url) as file (name)
  where split_part(file.name, '/', 2) = old.project_id::text;
  return null;
end
$$;
comment on function private.queue_media_file_removal() is 'Trigger: a row''s files go with the row.';

create trigger queue_file_removal after delete on public.project_images
  for each row execute function private.queue_media_file_removal();
create trigger queue_replaced_file_removal after update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.queue_media_file_removal();
create trigger queue_file_removal after delete on public.project_videos
  for each row execute function private.queue_media_file_removal();
create trigger queue_replaced_file_removal after update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.queue_media_file_removal();

-- Everything below a folder, in every bucket. starts_with, because % and _ are ordinary characters in names.
create function private.queue_folder_removal(folder text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into private.file_removals (bucket_id, name)
  select object.bucket_id, object.name from storage.objects as object where starts_with(object.name, folder || '/')
  on conflict do nothing
$$;
comment on function private.queue_folder_removal(text) is 'Queues every file below a folder for removal.';

create function private.queue_project_folder_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_folder_removal(old.user_id || '/' || old.id);
  return null;
end
$$;
comment on function private.queue_project_folder_removal() is 'Trigger: a project''s files go with the project.';

create trigger queue_file_removal after delete on public.projects
  for each row execute function private.queue_project_folder_removal();

create function private.queue_user_folder_removal() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform private.queue_folder_removal(old.id::text);
  return null;
end
$$;
comment on function private.queue_user_folder_removal() is 'Trigger: a user''s files go with the user.';

create trigger queue_file_removal after delete on private.users
  for each row execute function private.queue_user_folder_removal();
