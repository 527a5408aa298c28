-- What a tier may store is public; a user sees their own counters; triggers keep those, operators the quotas.
alter table public.storage_quotas enable row level security;

create policy "quotas are public" on public.storage_quotas for select to anon, authenticated
  using (true);

revoke all on table public.storage_quotas from anon, authenticated, service_role;
grant select on table public.storage_quotas to anon, authenticated, service_role;

alter table private.storage_usage enable row level security;

create policy "users see their own usage" on private.storage_usage for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table private.storage_usage from anon, authenticated, service_role;
grant select on table private.storage_usage to authenticated;

revoke all on function private.create_storage_usage() from public, anon, authenticated, service_role;
revoke all on function private.within_storage_quota(uuid, bigint, bigint) from public, anon, authenticated, service_role;
revoke all on function public.get_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.get_storage_usage() to authenticated;
