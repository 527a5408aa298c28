-- For users alone: a visitor has no plan.
revoke all on function private.row_limit(regclass) from public;
revoke all on function private.own_usage() from public;
revoke all on function public.get_my_plan() from public, anon, authenticated, service_role;
grant execute on function private.own_usage() to authenticated;
grant execute on function public.get_my_plan() to authenticated;
