-- What a tier gives is public; operators change it.
alter table public.tier_limits enable row level security;

create policy "limits are public" on public.tier_limits for select to anon, authenticated
  using (true);

revoke all on table public.tier_limits from anon, authenticated, service_role;
grant select on table public.tier_limits to anon, authenticated, service_role;
