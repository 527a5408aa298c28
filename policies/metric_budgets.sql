-- Handlers only, and through their RPCs.
alter table private.metric_budgets enable row level security;

create policy "handlers keep the budgets" on private.metric_budgets for all to service_role
  using (true) with check (true);

revoke all on table private.metric_budgets from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_budgets to service_role;

revoke all on function private.take_metric_budget(text, text[], int, int, int) from public;
revoke all on function private.settle_metric_budget(text, text, jsonb) from public;
grant execute on function private.take_metric_budget(text, text[], int, int, int) to service_role;
grant execute on function private.settle_metric_budget(text, text, jsonb) to service_role;
