-- The limits of rows are counted by statements that are planned once for a session: an insert takes half the time.
create or replace function private.limit_rows() returns trigger
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
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_rows() is
  'Trigger: refuses more rows of a table than a user, or a project, may have (column and number are its arguments).';
