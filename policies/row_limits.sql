-- Of triggers alone.
revoke all on function private.limit_rows() from public, anon, authenticated, service_role;
