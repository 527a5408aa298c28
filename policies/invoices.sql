-- A user sees their own; Stripe's events, through handlers, are the only source.
alter table public.invoices enable row level security;

create policy "users see their own invoices" on public.invoices for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.invoices from anon, authenticated, service_role;
grant select on table public.invoices to authenticated;
grant select, insert, update, delete on table public.invoices to service_role;

alter table private.stripe_invoices enable row level security;

create policy "handlers keep the versions of invoices" on private.stripe_invoices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_invoices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_invoices to service_role;

revoke all on function private.store_stripe_invoices(bigint, uuid, jsonb) from public;
revoke all on function public.apply_stripe_invoice(bigint, jsonb, text) from public, anon, authenticated, service_role;
grant execute on function private.store_stripe_invoices(bigint, uuid, jsonb) to service_role;
grant execute on function public.apply_stripe_invoice(bigint, jsonb, text) to service_role;
