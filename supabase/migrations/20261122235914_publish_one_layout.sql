-- A project has one page: with two published layouts of it a visitor's front end could not tell which.

-- What was published last stays.
update public.layouts as layout set published = false
where layout.published and exists (
  select from public.layouts as later
  where later.project_id = layout.project_id and later.published
    and (later.updated_at, later.id) > (layout.updated_at, layout.id)
);

-- A project has one page: who publishes another layout of it takes the one before off, in the same request. Those who
-- publish at once do it one after the other, and the last one wins. Of several in one statement the first stays.
create function private.publish_one_layout() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('layouts of ' || new.project_id, 0));
  if exists (select from public.layouts as layout where layout.id = new.id and layout.published) then
    update public.layouts as other set published = false
    where other.project_id = new.project_id and other.published and other.id <> new.id;
  end if;
  return null;
end
$$;
comment on function private.publish_one_layout() is 'Trigger: the project''s other layouts are not published any more.';

create trigger publish_added after insert on public.layouts
  for each row when (new.published and new.project_id is not null) execute function private.publish_one_layout();
create trigger publish_changed after update on public.layouts
  for each row when (
    new.published and new.project_id is not null
    and (not old.published or old.project_id is distinct from new.project_id)
  ) execute function private.publish_one_layout();

revoke all on function private.publish_one_layout() from public, anon, authenticated, service_role;
