-- Handlers only, and through their RPCs.
alter table private.metric_shares enable row level security;

create policy "handlers count the shares" on private.metric_shares for all to service_role
  using (true) with check (true);

revoke all on table private.metric_shares from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_shares to service_role;

revoke all on function private.lock_metric_shares(text, uuid[]) from public;
revoke all on function private.within_metric_shares(text, uuid[], int) from public;
revoke all on function private.count_metric_shares(text, uuid[], int) from public;
grant execute on function private.lock_metric_shares(text, uuid[]) to service_role;
grant execute on function private.within_metric_shares(text, uuid[], int) to service_role;
grant execute on function private.count_metric_shares(text, uuid[], int) to service_role;
