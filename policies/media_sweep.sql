-- Handlers only.
revoke all on function private.is_file_wanted(text, text) from public, anon, authenticated, service_role;
revoke all on function public.lease_file_removals(int, int) from public, anon, authenticated, service_role;
revoke all on function public.finish_file_removals(text, text[], text) from public, anon, authenticated, service_role;
revoke all on function public.count_file_removals() from public, anon, authenticated, service_role;
revoke all on function public.queue_orphaned_files(int) from public, anon, authenticated, service_role;
grant execute on function public.lease_file_removals(int, int) to service_role;
grant execute on function public.finish_file_removals(text, text[], text) to service_role;
grant execute on function public.count_file_removals() to service_role;
grant execute on function public.queue_orphaned_files(int) to service_role;
