-- What is allowed is no secret; the catalogue behind it is open to every role.
revoke all on table public.field_rules from anon, authenticated, service_role;
grant select on table public.field_rules to anon, authenticated, service_role;
