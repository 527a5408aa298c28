-- Handlers only.
revoke all on function private.subscription_pays(text, timestamptz) from public;
revoke all on function private.refresh_tier(uuid) from public;
revoke all on function public.end_grace() from public, anon, authenticated, service_role;
grant execute on function private.subscription_pays(text, timestamptz) to service_role;
grant execute on function private.refresh_tier(uuid) to service_role;
grant execute on function public.end_grace() to service_role;
