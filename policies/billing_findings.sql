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
