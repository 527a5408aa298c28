-- A CHECK runs with the rights of who writes the row.
revoke all on function private.block_list_schema() from public;
grant execute on function private.block_list_schema() to authenticated, service_role;
