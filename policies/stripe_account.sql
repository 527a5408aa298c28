-- Handlers only, and through their RPCs.
alter table private.stripe_account enable row level security;

create policy "handlers keep the account" on private.stripe_account for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_account from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_account to service_role;

revoke all on function private.is_own_account(text, boolean) from public;
revoke all on function private.remember_account(text, boolean) from public;
revoke all on function public.report_wrong_stripe_account(text, boolean, text)
  from public, anon, authenticated, service_role;
revoke all on function public.check_stripe_account(text, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function private.is_own_account(text, boolean) to service_role;
grant execute on function private.remember_account(text, boolean) to service_role;
grant execute on function public.report_wrong_stripe_account(text, boolean, text) to service_role;
grant execute on function public.check_stripe_account(text, boolean, boolean) to service_role;
