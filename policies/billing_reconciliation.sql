-- Handlers only, and through their RPCs.
alter table private.billing_walk enable row level security;

create policy "handlers keep the walk" on private.billing_walk for all to service_role
  using (true) with check (true);

revoke all on table private.billing_walk from anon, authenticated, service_role;
grant select, insert, update on table private.billing_walk to service_role;

revoke all on function public.begin_reconciliation(boolean) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_stripe_page(bigint, jsonb, text, text, int)
  from public, anon, authenticated, service_role;
revoke all on function public.list_unmet_subscriptions(text, int) from public, anon, authenticated, service_role;
revoke all on function public.draw_stripe_ticket() from public, anon, authenticated, service_role;
revoke all on function public.finish_reconciliation() from public, anon, authenticated, service_role;
revoke all on function public.list_failed_stripe_events(int) from public, anon, authenticated, service_role;
grant execute on function public.begin_reconciliation(boolean) to service_role;
grant execute on function public.reconcile_stripe_page(bigint, jsonb, text, text, int) to service_role;
grant execute on function public.list_unmet_subscriptions(text, int) to service_role;
grant execute on function public.draw_stripe_ticket() to service_role;
grant execute on function public.finish_reconciliation() to service_role;
grant execute on function public.list_failed_stripe_events(int) to service_role;
