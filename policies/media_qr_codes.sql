-- Handlers only, and they through functions.
alter table private.qr_codes enable row level security;

create policy "nobody through the API" on private.qr_codes for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.qr_codes from anon, authenticated, service_role;

revoke all on function private.queue_qr_code_removal() from public, anon, authenticated, service_role;
revoke all on function public.get_qr_target(uuid, uuid, text, uuid) from public, anon, authenticated, service_role;
revoke all on function public.record_qr_code(uuid, uuid, text, text, text, jsonb)
  from public, anon, authenticated, service_role;
revoke all on function public.take_stale_qr_codes(int, text, text) from public, anon, authenticated, service_role;
grant execute on function public.get_qr_target(uuid, uuid, text, uuid) to service_role;
grant execute on function public.record_qr_code(uuid, uuid, text, text, text, jsonb) to service_role;
grant execute on function public.take_stale_qr_codes(int, text, text) to service_role;
