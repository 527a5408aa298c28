-- Handlers only, and they through functions.
alter table private.account_exports enable row level security;

create policy "nobody through the API" on private.account_exports for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_exports from anon, authenticated, service_role;

revoke all on function private.queue_export_removal() from public, anon, authenticated, service_role;
revoke all on function public.begin_account_export(uuid, int, int) from public, anon, authenticated, service_role;
revoke all on function public.get_account_export(uuid) from public, anon, authenticated, service_role;
revoke all on function public.lease_account_export(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_account_export_part(uuid, int, text, bigint, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.delay_account_export(uuid, int, text, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, int, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports() from public, anon, authenticated, service_role;
grant execute on function public.begin_account_export(uuid, int, int) to service_role;
grant execute on function public.get_account_export(uuid) to service_role;
grant execute on function public.lease_account_export(int, uuid) to service_role;
grant execute on function public.record_account_export_part(uuid, int, text, bigint, jsonb) to service_role;
grant execute on function public.delay_account_export(uuid, int, text, int) to service_role;
grant execute on function public.finish_account_export(uuid, int, jsonb) to service_role;
grant execute on function public.drop_account_exports() to service_role;
