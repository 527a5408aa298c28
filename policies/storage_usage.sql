-- Of triggers alone.
revoke all on function private.object_size(jsonb) from public, anon, authenticated, service_role;
revoke all on function private.add_storage_usage(uuid, bigint, bigint, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function private.multipart_uploads(text, text) from public, anon, authenticated, service_role;
revoke all on function private.size_to_be_freed(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.check_object_sizes(storage.objects[]) from public, anon, authenticated, service_role;
revoke all on function private.count_objects() from public, anon, authenticated, service_role;
