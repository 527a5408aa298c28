-- Handlers only, and they through functions.
alter table private.account_exports enable row level security;

create policy "nobody through the API" on private.account_exports for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.account_exports from anon, authenticated, service_role;

-- Handlers only, and they through functions.
alter table private.personal_data enable row level security;

create policy "nobody through the API" on private.personal_data for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.personal_data from anon, authenticated, service_role;

revoke all on function private.queue_export_removal() from public, anon, authenticated, service_role;
revoke all on function public.export_account_rows(uuid, text, text, int) from public, anon, authenticated, service_role;
revoke all on function public.list_export_sources() from public, anon, authenticated, service_role;
revoke all on function public.begin_account_export(uuid, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_account_export(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.drop_account_exports(uuid) from public, anon, authenticated, service_role;
grant execute on function public.export_account_rows(uuid, text, text, int) to service_role;
grant execute on function public.list_export_sources() to service_role;
grant execute on function public.begin_account_export(uuid, int) to service_role;
grant execute on function public.finish_account_export(uuid, bigint, jsonb) to service_role;
grant execute on function public.drop_account_exports(uuid) to service_role;
