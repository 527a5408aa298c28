-- Visitors see what is published and not hidden; users see and change their own as well.
alter table public.projects enable row level security;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published' and hidden_at is null);
create policy "people see published projects and their own" on public.projects for select to authenticated
  using ((status = 'published' and hidden_at is null) or user_id = (select auth.uid()));
create policy "people add their own projects" on public.projects for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own projects" on public.projects for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people delete their own projects" on public.projects for delete to authenticated
  using (user_id = (select auth.uid()));

-- Every column may be written, so that a row that was read can be sent back; what id and user_id may be is for the
-- policies and the trigger keep_owner to say, and triggers keep the times.
revoke all on table public.projects from anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role;
grant insert, update, delete on table public.projects to authenticated, service_role;

revoke all on function private.keep_publication() from public, anon, authenticated, service_role;
revoke all on function public.reorder_projects(uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_projects(uuid[]) to authenticated;
