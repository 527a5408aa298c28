-- Handlers only, and they through functions.
alter table private.account_deletions enable row level security;

create policy "nobody through the API" on private.account_deletions for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_deletions from anon, authenticated, service_role;

revoke all on function private.stripe_ids(uuid) from public, anon, authenticated, service_role;
revoke all on function private.deletion_receipt(private.account_deletions)
  from public, anon, authenticated, service_role;
revoke all on function public.request_account_deletion(uuid, text, int, int)
  from public, anon, authenticated, service_role;
revoke all on function public.cancel_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.get_account_deletion(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_deletions(int, int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_deletion(uuid, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_account_files(uuid, text, int) from public, anon, authenticated, service_role;
revoke all on function public.delete_account(uuid) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_deletion(uuid) from public, anon, authenticated, service_role;
grant execute on function public.request_account_deletion(uuid, text, int, int) to service_role;
grant execute on function public.cancel_account_deletion(uuid) to service_role;
grant execute on function public.get_account_deletion(uuid) to service_role;
grant execute on function public.lease_account_deletions(int, int, uuid) to service_role;
grant execute on function public.record_account_deletion(uuid, text, text, int) to service_role;
grant execute on function public.list_account_files(uuid, text, int) to service_role;
grant execute on function public.delete_account(uuid) to service_role;
grant execute on function public.finish_account_deletion(uuid) to service_role;
