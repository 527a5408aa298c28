-- A row that is added through the API gets the next position, and not 0 again.

drop trigger a_turn on public.project_images;
create trigger a_turn before insert or update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
drop trigger a_turn on public.project_videos;
create trigger a_turn before insert or update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

-- A new row comes last, whatever it says; one that is there (an upsert) keeps what is written. Whoever adds for somebody
-- else waits for the owner's turn here; a stranger waits for nobody, and the policies refuse the row.
create function private.append_medium() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  known boolean;
begin
  perform private.take_media_turn(project.user_id) from public.projects as project
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

revoke all on function private.append_medium() from public, anon, authenticated, service_role;
