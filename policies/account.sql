-- Who may read, write and call what of account: row-level security, and grants by column where a row mixes public and private.

-- Handlers only, and they through functions.
alter table private.personal_data enable row level security;

create policy "nobody through the API" on private.personal_data for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.personal_data from anon, authenticated, service_role;

revoke all on function private.erase_from_auth(uuid) from public, anon, authenticated, service_role;
revoke all on function public.export_account_rows(uuid, text, text, int) from public, anon, authenticated, service_role;
revoke all on function public.list_export_sources() from public, anon, authenticated, service_role;
grant execute on function public.export_account_rows(uuid, text, text, int) to service_role;
grant execute on function public.list_export_sources() to service_role;

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

-- The database's owner alone.
alter table private.deletion_tombstones enable row level security;

create policy "nobody through the API" on private.deletion_tombstones for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.deletion_tombstones from anon, authenticated, service_role;

revoke all on function private.user_id_hash(uuid) from public, anon, authenticated, service_role;
revoke all on function private.record_deletion_tombstone() from public, anon, authenticated, service_role;
revoke all on function private.delete_users_again(text[]) from public, anon, authenticated, service_role;

-- The database's owner alone.
alter table private.usage_carryover enable row level security;

create policy "nobody through the API" on private.usage_carryover for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.usage_carryover from anon, authenticated, service_role;

revoke all on function private.save_usage_carryover() from public, anon, authenticated, service_role;
revoke all on function private.restore_usage_carryover() from public, anon, authenticated, service_role;
