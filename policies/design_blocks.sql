-- A trigger runs with the rights of who writes the row.
revoke all on function private.matches_schema(jsonb, jsonb, jsonb) from public;
revoke all on function private.is_block_list(jsonb) from public;
grant execute on function private.matches_schema(jsonb, jsonb, jsonb) to authenticated, service_role;
grant execute on function private.is_block_list(jsonb) to authenticated, service_role;
revoke all on function private.check_blocks() from public, anon, authenticated, service_role;
