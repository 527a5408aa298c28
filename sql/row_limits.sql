-- How many projects and layouts a person may have: a program with a free account could fill the database. Handlers and the
-- owner of the database may add more.

-- In one's turn, so that two at once do not share the last place; it is waited for before any row is held.
create trigger a_turn_to_add before insert on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn_to_add before insert on public.layouts
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

create function private.limit_own_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant int := tg_argv[0];
  number int;
begin
  if current_setting('role') <> 'authenticated' or not exists (select from added) then
    return null;
  end if;
  execute format('select count(*) from public.%I where user_id = $1', tg_table_name) into number using auth.uid();
  if number > most then
    raise exception 'You may have % % at most.', most, tg_table_name
      using errcode = 'PT409', hint = 'Delete one first.';
  end if;
  return null;
end
$$;
comment on function private.limit_own_rows() is 'Trigger: refuses what is more than a person may have of a table.';

create trigger limit_rows after insert on public.projects referencing new table as added
  for each statement execute function private.limit_own_rows(1000);
create trigger limit_rows after insert on public.layouts referencing new table as added
  for each statement execute function private.limit_own_rows(200);
