-- Handlers only, and through their RPCs.
alter table private.stripe_events enable row level security;

create policy "handlers keep the ledger" on private.stripe_events for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_events from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_events to service_role;
revoke all on sequence private.stripe_versions from anon, authenticated, service_role;
grant usage on sequence private.stripe_versions to service_role;

revoke all on function public.record_stripe_event(text, text, jsonb, int) from public, anon, authenticated, service_role;
revoke all on function public.fail_stripe_event(text, bigint, text) from public, anon, authenticated, service_role;
revoke all on function private.finish_stripe_event(text, text) from public;
grant execute on function public.record_stripe_event(text, text, jsonb, int) to service_role;
grant execute on function public.fail_stripe_event(text, bigint, text) to service_role;
grant execute on function private.finish_stripe_event(text, text) to service_role;
