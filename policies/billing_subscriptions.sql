-- Handlers only.
revoke all on function private.owner_of_subscription(jsonb) from public;
revoke all on function private.store_subscription(bigint, jsonb, uuid, int) from public;
revoke all on function private.find_in_subscription(jsonb, uuid) from public;
revoke all on function private.changes_of(public.subscriptions, public.subscriptions) from public;
revoke all on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function private.owner_of_subscription(jsonb) to service_role;
grant execute on function private.store_subscription(bigint, jsonb, uuid, int) to service_role;
grant execute on function private.find_in_subscription(jsonb, uuid) to service_role;
grant execute on function private.changes_of(public.subscriptions, public.subscriptions) to service_role;
grant execute on function public.apply_stripe_subscription(bigint, jsonb, int, text, jsonb) to service_role;
