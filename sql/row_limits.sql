-- How many projects and layouts a person may have, and how much a project: a program with a free account could fill the
-- database. Handlers and the owner of the database may add more.

-- In one's turn, so that two at once do not share the last place; it is waited for before any row is held.
create trigger a_turn_to_add before insert on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert on public.layouts
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

-- Counted are the rows of whoever stands in the column that the trigger names: a person, or a project.
create function private.limit_rows() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  most constant int := tg_argv[1];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  execute format(
    'select exists (
       select from public.%1$I as kept where kept.%2$I in (select added.%2$I from added)
       group by kept.%2$I having count(*) > $1
     )', tg_table_name, tg_argv[0]
  ) into crowded using most;
  if crowded then
    raise exception '% may have % % at most.',
      case tg_argv[0] when 'user_id' then 'You' else 'A project' end, most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_rows() is 'Trigger: refuses what is more than a person, or a project, may have of a table.';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_rows('user_id', 1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_rows('user_id', 200);

-- What a project may have of anything, wherever its files are: visitors read all of it with the project. Images
-- and videos have their turn already.
create trigger a_turn_to_add before insert or update on public.project_tags
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert or update on public.project_technologies
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

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
