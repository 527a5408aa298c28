-- What is sold is public; handlers keep it.
alter table public.plans enable row level security;

create policy "what is sold is public" on public.plans for select to anon, authenticated
  using (true);

revoke all on table public.plans from anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;
grant insert, update, delete on table public.plans to service_role;
