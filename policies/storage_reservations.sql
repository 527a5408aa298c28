-- Of triggers; handlers reconcile.
revoke all on function private.refuse_above_quota() from public, anon, authenticated, service_role;
revoke all on function private.count_media_uploads() from public, anon, authenticated, service_role;
revoke all on function private.count_multipart_upload() from public, anon, authenticated, service_role;
revoke all on function private.measure_storage_usage() from public, anon, authenticated, service_role;
revoke all on function public.reconcile_storage_usage() from public, anon, authenticated, service_role;
grant execute on function public.reconcile_storage_usage() to service_role;
