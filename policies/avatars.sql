-- Everybody sees an avatar by its address; users list and remove their own (policies/storage.sql); handlers write.
revoke all on function private.avatar_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_avatar_removal() from public, anon, authenticated, service_role;
