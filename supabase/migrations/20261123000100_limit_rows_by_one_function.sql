-- One function for whatever is limited: a person's rows and a project's were counted by two that were the same.

drop trigger limit_rows on public.projects;
drop trigger limit_rows on public.layouts;
drop trigger limit_rows on public.project_images;
drop trigger limit_rows on public.project_videos;
drop trigger limit_rows on public.project_tags;
drop trigger limit_moved_rows on public.project_tags;
drop trigger limit_rows on public.project_technologies;
drop trigger limit_moved_rows on public.project_technologies;
drop function private.limit_own_rows();
drop function private.limit_project_rows();

-- Counted are the rows of whoever stands in the column that the trigger names: a person, or a project.
create function private.limit_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
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

revoke all on function private.limit_rows() from public, anon, authenticated, service_role;
