-- A trigger runs with the rights of who writes the row.
revoke all on function private.schema_error(jsonb, jsonb, jsonb) from public;
revoke all on function private.block_list_error(jsonb) from public;
grant execute on function private.schema_error(jsonb, jsonb, jsonb) to authenticated, service_role;
grant execute on function private.block_list_error(jsonb) to authenticated, service_role;
revoke all on function private.check_blocks() from public, anon, authenticated, service_role;
