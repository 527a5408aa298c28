-- Of triggers: nobody calls them.
revoke all on function private.limit_own_rows() from public, anon, authenticated, service_role;
revoke all on function private.limit_project_rows() from public, anon, authenticated, service_role;
