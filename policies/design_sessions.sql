-- Handlers only.
revoke all on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function public.finish_design(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) to service_role;
grant execute on function public.finish_design(uuid, bigint, jsonb) to service_role;
