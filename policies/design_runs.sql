-- Handlers only, and through their RPCs.
alter table private.design_usage enable row level security;
alter table private.design_spending enable row level security;
alter table private.design_runs enable row level security;

create policy "handlers count designs" on private.design_usage for all to service_role
  using (true) with check (true);
create policy "handlers keep the books" on private.design_spending for all to service_role
  using (true) with check (true);
create policy "handlers keep the runs" on private.design_runs for all to service_role
  using (true) with check (true);

revoke all on table private.design_usage, private.design_spending, private.design_runs
  from anon, authenticated, service_role;
grant select, insert, update, delete on table private.design_usage, private.design_spending, private.design_runs
  to service_role;

revoke all on function private.settle_design_run(private.design_runs, bigint, boolean) from public;
grant execute on function private.settle_design_run(private.design_runs, bigint, boolean) to service_role;
