-- How many projects and layouts a user may have, and how much a project: a program with a free account could fill the
-- database. Handlers and the owner of the database may add more.

-- Under the lock of the user's media, so that two at once do not share the last place; it is taken before any row is locked.
create trigger lock_media_to_add before insert on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media_to_add before insert on public.layouts
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

-- Counted are the rows of the user, or the project, that the added rows belong to. A statement for each table, none of them
-- made of text: PL/pgSQL plans each once for a session, which is half of what an insert took otherwise.
create function private.limit_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  most constant int := tg_argv[1];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  case tg_table_name
    when 'projects' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.projects as kept where kept.user_id = owner.user_id offset most)
      );
    when 'layouts' then
      crowded := exists (
        select from (select distinct user_id from added) as owner
        where exists (select from public.layouts as kept where kept.user_id = owner.user_id offset most)
      );
    when 'project_images' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_images as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_videos' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_videos as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_tags' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_tags as kept where kept.project_id = owner.project_id offset most)
      );
    when 'project_technologies' then
      crowded := exists (
        select from (select distinct project_id from added) as owner
        where exists (select from public.project_technologies as kept where kept.project_id = owner.project_id offset most)
      );
  end case;
  if crowded then
    raise exception '% may have % % at most.',
      case tg_argv[0] when 'user_id' then 'You' else 'A project' end, most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', table = tg_table_name, constraint = tg_table_name || '_rows', detail = tg_table_name,
        hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_rows() is
  'Trigger: refuses more rows of a table than a user, or a project, may have (column and number are its arguments).';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_rows('user_id', 1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_rows('user_id', 200);

-- What a project may have of anything, wherever its files are: visitors read all of it with the project. Images
-- and videos have the lock already.
create trigger lock_media_to_add before insert or update on public.project_tags
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();
create trigger lock_media_to_add before insert or update on public.project_technologies
  for each statement when (pg_trigger_depth() = 0) execute function private.lock_own_media();

create trigger limit_rows after insert on public.project_images referencing new table as added
  for each statement execute function private.limit_rows('project_id', 100);
create trigger limit_rows after insert on public.project_videos referencing new table as added
  for each statement execute function private.limit_rows('project_id', 20);
create trigger limit_rows after insert on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_tags referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_rows after insert on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
create trigger limit_moved_rows after update on public.project_technologies referencing new table as added
  for each statement execute function private.limit_rows('project_id', 50);
