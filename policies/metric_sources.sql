-- Handlers only, and through their RPCs.
alter table private.metric_sources enable row level security;

create policy "handlers keep the sources" on private.metric_sources for all to service_role
  using (true) with check (true);

revoke all on table private.metric_sources from anon, authenticated, service_role;
grant select, insert, update, delete on table private.metric_sources to service_role;

revoke all on function private.metric_reference(text, text) from public;
revoke all on function private.next_metric_due(uuid, text) from public;
revoke all on function private.sync_metric_sources() from public;
grant execute on function private.next_metric_due(uuid, text) to service_role;
