-- Handlers only, and through their RPCs.
alter table private.stripe_customers enable row level security;

create policy "handlers keep the customers" on private.stripe_customers for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_customers from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_customers to service_role;

revoke all on function private.customer_of(uuid) from public;
revoke all on function public.get_billing_account(uuid, text, text, text) from public, anon, authenticated, service_role;
revoke all on function public.link_stripe_customer(uuid, text) from public, anon, authenticated, service_role;
revoke all on function public.unlink_stripe_customer(text) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_customer(text, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.apply_stripe_charge(text, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function private.mark_email_stale() from public;
revoke all on function public.list_stale_customers(int, uuid) from public, anon, authenticated, service_role;
revoke all on function public.mark_customer_current(text, text) from public, anon, authenticated, service_role;
grant execute on function public.list_stale_customers(int, uuid) to service_role;
grant execute on function public.mark_customer_current(text, text) to service_role;
grant execute on function private.customer_of(uuid) to service_role;
grant execute on function public.get_billing_account(uuid, text, text, text) to service_role;
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
grant execute on function public.unlink_stripe_customer(text) to service_role;
grant execute on function public.apply_stripe_customer(text, jsonb) to service_role;
grant execute on function public.apply_stripe_charge(text, text, jsonb) to service_role;
