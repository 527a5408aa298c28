-- Handlers only, and through their RPCs.
alter table private.reconciliation_cursor enable row level security;

create policy "handlers keep the cursor" on private.reconciliation_cursor for all to service_role
  using (true) with check (true);

revoke all on table private.reconciliation_cursor from anon, authenticated, service_role;
grant select, insert, update on table private.reconciliation_cursor to service_role;

revoke all on function private.is_unreported_end(jsonb) from public;
revoke all on function private.missing_subscriptions() from public;
revoke all on function public.begin_reconciliation(boolean, boolean) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_stripe_page(bigint, jsonb, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_missing_subscriptions(text, int) from public, anon, authenticated, service_role;
revoke all on function public.check_cancellations(int, double precision) from public, anon, authenticated, service_role;
revoke all on function public.next_stripe_version() from public, anon, authenticated, service_role;
revoke all on function public.finish_reconciliation(boolean) from public, anon, authenticated, service_role;
revoke all on function public.list_failed_stripe_events(int) from public, anon, authenticated, service_role;
grant execute on function private.is_unreported_end(jsonb) to service_role;
grant execute on function private.missing_subscriptions() to service_role;
grant execute on function public.begin_reconciliation(boolean, boolean) to service_role;
grant execute on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) to service_role;
grant execute on function public.list_missing_subscriptions(text, int) to service_role;
grant execute on function public.check_cancellations(int, double precision) to service_role;
grant execute on function public.next_stripe_version() to service_role;
grant execute on function public.finish_reconciliation(boolean) to service_role;
grant execute on function public.list_failed_stripe_events(int) to service_role;
