-- Clients send rows back as they read them: the times among them are no reason to refuse the rest.

-- People send back the times that they read; handlers and the demo rows may say when something was made.
create function private.keep_created_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' then
    new.created_at := old.created_at;
  else
    new.created_at := now();
  end if;
  return new;
end
$$;
comment on function private.keep_created_at() is 'Trigger: created_at tells when a row was added.';
revoke all on function private.keep_created_at() from public;

create trigger touch_added before insert on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.projects
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
revoke insert, update on table public.projects from authenticated; -- column by column
grant insert, update on table public.projects to authenticated;

create trigger touch_added before insert on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
revoke insert, update on table public.layouts from authenticated; -- column by column
grant insert, update on table public.layouts to authenticated;

create trigger touch_added before insert on public.notification_preferences
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
revoke insert, update on table public.notification_preferences from authenticated; -- column by column
grant insert, update on table public.notification_preferences to authenticated;
