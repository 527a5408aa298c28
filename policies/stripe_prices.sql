-- Handlers only, and through their RPCs; an operator may correct what a price was sold as.
alter table private.stripe_prices enable row level security;

create policy "handlers keep the prices" on private.stripe_prices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_prices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_prices to service_role;

revoke all on function private.names_plan(public.plans) from public;
revoke all on function private.plans_of_items(jsonb) from public;
revoke all on function private.plan_of(jsonb) from public;
revoke all on function private.remember_prices(jsonb) from public;
revoke all on function private.show_price() from public;
revoke all on function private.remember_plan() from public;
revoke all on function private.list_price(private.stripe_prices) from public;
revoke all on function public.apply_stripe_prices(bigint, jsonb, text, text[])
  from public, anon, authenticated, service_role;
revoke all on function public.retire_stripe_prices(bigint) from public, anon, authenticated, service_role;
grant execute on function private.names_plan(public.plans) to service_role;
grant execute on function private.show_price() to service_role;
grant execute on function private.remember_plan() to service_role;
grant execute on function private.list_price(private.stripe_prices) to service_role;
grant execute on function public.apply_stripe_prices(bigint, jsonb, text, text[]) to service_role;
grant execute on function public.retire_stripe_prices(bigint) to service_role;
grant execute on function private.plans_of_items(jsonb) to service_role;
grant execute on function private.plan_of(jsonb) to service_role;
grant execute on function private.remember_prices(jsonb) to service_role;
