-- Part of what handlers apply.
revoke all on function private.is_live(text) from public;
revoke all on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) from public;
grant execute on function private.is_live(text) to service_role;
grant execute on function private.queue_subscription_emails(
  public.subscriptions, public.subscriptions, bigint, text, jsonb
) to service_role;
