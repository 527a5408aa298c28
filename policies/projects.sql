-- Visitors see what is published; people see and change their own as well.
alter table public.projects enable row level security;

create policy "published projects are public" on public.projects for select to anon
  using (status = 'published');
create policy "people see published projects and their own" on public.projects for select to authenticated
  using (status = 'published' or user_id = (select auth.uid()));
create policy "people add their own projects" on public.projects for insert to authenticated
  with check (user_id = (select auth.uid()));
create policy "people change their own projects" on public.projects for update to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "people delete their own projects" on public.projects for delete to authenticated
  using (user_id = (select auth.uid()));

-- created_at and updated_at are the database's. id and user_id may be written, so that an upsert works; what they may
-- be is for the policies and the trigger keep_owner to say.
revoke all on table public.projects from anon, authenticated, service_role;
grant select on table public.projects to anon, authenticated, service_role;
grant
  insert (
    id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link
  ),
  update (
    id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link
  ),
  delete
  on table public.projects to authenticated;
grant insert, update, delete on table public.projects to service_role;
