-- People see their own; handlers write.
alter table public.subscriptions enable row level security;

create policy "people see their own subscriptions" on public.subscriptions for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.subscriptions from anon, authenticated, service_role;
grant select on table public.subscriptions to authenticated;
grant select, insert, update, delete on table public.subscriptions to service_role;

alter table private.stripe_subscriptions enable row level security;

create policy "handlers keep the versions" on private.stripe_subscriptions for all to service_role
  using (true) with check (true);

revoke all on table private.stripe_subscriptions from anon, authenticated, service_role;
grant select, insert, update on table private.stripe_subscriptions to service_role;
