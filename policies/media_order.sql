-- The owner calls it, and what it needs, with their own rights; the trigger's are the owner's of the table.
revoke all on function private.hold_media(text, uuid) from public, anon, authenticated, service_role;
revoke all on function private.place_media(text, uuid[]) from public, anon, authenticated, service_role;
revoke all on function private.take_media_turn(uuid) from public, anon, authenticated, service_role;
revoke all on function private.take_own_media_turn() from public, anon, authenticated, service_role;
revoke all on function private.append_medium() from public, anon, authenticated, service_role;
revoke all on function private.move_media() from public, anon, authenticated, service_role;
revoke all on function private.close_media_gaps() from public, anon, authenticated, service_role;
revoke all on function public.reorder_project_media(uuid, text, uuid[]) from public, anon, authenticated, service_role;
grant execute on function public.reorder_project_media(uuid, text, uuid[]) to authenticated;
grant execute on function private.hold_media(text, uuid) to authenticated;
grant execute on function private.place_media(text, uuid[]) to authenticated;
grant execute on function private.take_media_turn(uuid) to authenticated;
