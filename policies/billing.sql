-- Who may read, write and call what of billing: row-level security, and grants by column where a row mixes public and private.

-- Users see their own; handlers write.
alter table public.subscriptions enable row level security;

create policy "users see their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.subscriptions from anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated;
grant select, insert, update, delete on table public.subscriptions to service_role;

alter table private.stripe_subscriptions enable row level security;

create policy "handlers keep the versions" on private.stripe_subscriptions for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_subscriptions from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_subscriptions to service_role;

-- What is sold is public; handlers keep it.
alter table public.plans enable row level security;

create policy "what is sold is public" on public.plans for select to anon, authenticated
  using (true);

revoke all on table public.plans from anon, authenticated, service_role;
grant select on table public.plans to anon, authenticated, service_role;
grant insert, update, delete on table public.plans to service_role;

-- Handlers only, and through their RPCs.
alter table private.billing_findings enable row level security;

create policy "handlers keep the findings" on private.billing_findings for all to service_role
  using (true) with check (true);

revoke all on table private.billing_findings from anon, authenticated, service_role;
grant select, insert, update on table private.billing_findings to service_role;

revoke all on function private.note_finding(text, text, jsonb) from public;
revoke all on function private.resolve_findings(text, text[]) from public;
revoke all on function public.count_billing_findings() from public, anon, authenticated, service_role;
grant execute on function private.note_finding(text, text, jsonb) to service_role;
grant execute on function private.resolve_findings(text, text[]) to service_role;
grant execute on function public.count_billing_findings() to service_role;

-- Handlers only, and through their RPCs.
alter table private.stripe_account enable row level security;

create policy "handlers keep the account" on private.stripe_account for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_account from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_account to service_role;

revoke all on function private.is_own_account(text, boolean) from public;
revoke all on function private.record_stripe_account(text, boolean) from public;
revoke all on function public.report_wrong_stripe_account(text, boolean, text)
  from public, anon, authenticated, service_role;
revoke all on function public.check_stripe_account(text, boolean, boolean) from public, anon, authenticated, service_role;
grant execute on function private.is_own_account(text, boolean) to service_role;
grant execute on function private.record_stripe_account(text, boolean) to service_role;
grant execute on function public.report_wrong_stripe_account(text, boolean, text) to service_role;
grant execute on function public.check_stripe_account(text, boolean, boolean) to service_role;

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

-- Handlers only, and through their RPCs; an operator may correct what a price was sold as.
alter table private.stripe_prices enable row level security;

create policy "handlers keep the prices" on private.stripe_prices for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_prices from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_prices to service_role;

revoke all on function private.names_plan(public.plans) from public;
revoke all on function private.plans_of_items(jsonb) from public;
revoke all on function private.plan_of(jsonb) from public;
revoke all on function private.record_sold_prices(jsonb) from public;
revoke all on function private.show_price() from public;
revoke all on function private.record_sold_plan() from public;
revoke all on function private.list_price(private.stripe_prices) from public;
revoke all on function public.apply_stripe_prices(bigint, jsonb, text, text[])
  from public, anon, authenticated, service_role;
revoke all on function public.retire_stripe_prices(bigint) from public, anon, authenticated, service_role;
grant execute on function private.names_plan(public.plans) to service_role;
grant execute on function private.show_price() to service_role;
grant execute on function private.record_sold_plan() to service_role;
grant execute on function private.list_price(private.stripe_prices) to service_role;
grant execute on function public.apply_stripe_prices(bigint, jsonb, text, text[]) to service_role;
grant execute on function public.retire_stripe_prices(bigint) to service_role;
grant execute on function private.plans_of_items(jsonb) to service_role;
grant execute on function private.plan_of(jsonb) to service_role;
grant execute on function private.record_sold_prices(jsonb) to service_role;

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

-- Part of what handlers apply.
revoke all on function private.is_live(text) from public;
revoke all on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) from public;
grant execute on function private.is_live(text) to service_role;
grant execute on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) to service_role;

-- Handlers only.
revoke all on function private.subscription_pays(text, timestamptz) from public;
revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.subscription_pays(text, timestamptz) to service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;

-- Handlers only.
revoke all on function private.owner_of_subscription(jsonb) from public;
revoke all on function private.store_subscription(bigint, jsonb, uuid, record, int) from public;
revoke all on function private.find_in_subscription(jsonb, uuid, record) from public;
revoke all on function private.changes_of(public.subscriptions, public.subscriptions) from public;
revoke all on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.owner_of_subscription(jsonb) to service_role;
grant execute on function private.store_subscription(bigint, jsonb, uuid, record, int) to service_role;
grant execute on function private.find_in_subscription(jsonb, uuid, record) to service_role;
grant execute on function private.changes_of(public.subscriptions, public.subscriptions) to service_role;
grant execute on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) to service_role;

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

-- For users alone: a visitor has no plan.
revoke all on function private.row_limit(regclass) from public;
revoke all on function private.own_usage() from public;
revoke all on function public.get_my_plan() from public, anon, authenticated, service_role;
grant execute on function private.own_usage() to authenticated;
grant execute on function public.get_my_plan() to authenticated;
