-- The catalogue is public; handlers keep it.
alter table public.templates enable row level security;

create policy "the catalogue is public" on public.templates for select to anon, authenticated
  using (true);

revoke all on table public.templates from anon, authenticated, service_role;
grant select on table public.templates to anon, authenticated, service_role;
grant insert, update, delete on table public.templates to service_role;
