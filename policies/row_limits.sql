-- A trigger's function, which nobody calls.
revoke all on function private.limit_own_rows() from public, anon, authenticated, service_role;
