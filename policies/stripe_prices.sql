-- Handlers only, and through their RPCs; an operator may correct what a price was sold as.
alter table private.stripe_prices enable row level security;

create policy "handlers keep the prices" on private.stripe_prices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_prices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_prices to service_role;

revoke all on function private.plans_of_items(jsonb) from public;
revoke all on function private.plan_of(jsonb) from public;
revoke all on function private.remember_prices(jsonb) from public;
grant execute on function private.plans_of_items(jsonb) to service_role;
grant execute on function private.plan_of(jsonb) to service_role;
grant execute on function private.remember_prices(jsonb) to service_role;
