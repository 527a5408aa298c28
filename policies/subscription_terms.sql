-- Part of what handlers apply.
revoke all on function private.store_subscription_terms(jsonb) from public;
grant execute on function private.store_subscription_terms(jsonb) to service_role;
