-- Labels and files from elsewhere had no limit: a project with thousands of them is read by every visitor.

-- What a project may have of anything, wherever its files are: visitors read all of it with the project.
create function private.limit_project_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := tg_argv[0];
  crowded boolean;
begin
  if current_setting('role') <> 'authenticated' then
    return null;
  end if;
  execute format(
    'select exists (
       select from public.%I as kept where kept.project_id in (select added.project_id from added)
       group by kept.project_id having count(*) > $1
     )', tg_table_name
  ) into crowded using most;
  if crowded then
    raise exception 'A project may have % % at most.', most, replace(tg_table_name, 'project_', '')
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_project_rows() is 'Trigger: refuses what is more than a project may have of a table.';

-- Images and videos have their turn already.
create trigger a_turn_to_add before insert or update on public.project_tags
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert or update on public.project_technologies
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

create trigger limit_rows after insert on public.project_images referencing new table as added
  for each statement execute function private.limit_project_rows(100);
create trigger limit_rows after insert on public.project_videos referencing new table as added
  for each statement execute function private.limit_project_rows(20);
create trigger limit_rows after insert on public.project_tags referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_moved_rows after update on public.project_tags referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_rows after insert on public.project_technologies referencing new table as added
  for each statement execute function private.limit_project_rows(50);
create trigger limit_moved_rows after update on public.project_technologies referencing new table as added
  for each statement execute function private.limit_project_rows(50);

revoke all on function private.limit_project_rows() from public, anon, authenticated, service_role;
