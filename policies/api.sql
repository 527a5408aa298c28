-- Who may read, write and call what of the API as a whole: row-level security, and grants by column where a row mixes public and private.

-- Of triggers alone.
revoke all on function private.limit_rows() from public, anon, authenticated, service_role;

-- What is allowed is no secret; the catalogue behind it is open to every role.
revoke all on table public.field_rules from anon, authenticated, service_role;
grant select on table public.field_rules to anon, authenticated, service_role;
