-- The owner calls it with their own rights; the rest is for triggers.
revoke all on function private.number_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;
