-- Handlers only, and they through functions.
alter table private.file_removals enable row level security;

create policy "nobody through the API" on private.file_removals for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.file_removals from anon, authenticated, service_role;

revoke all on function private.media_file_name(text) from public, anon, authenticated, service_role;
revoke all on function private.media_file_stem(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_media_files(text) from public, anon, authenticated, service_role;
revoke all on function private.refuse_stored_file() from public, anon, authenticated, service_role;
revoke all on function private.keep_project() from public, anon, authenticated, service_role;
revoke all on function private.queue_media_file_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_folder_removal(text) from public, anon, authenticated, service_role;
revoke all on function private.queue_project_folder_removal() from public, anon, authenticated, service_role;
revoke all on function private.queue_user_folder_removal() from public, anon, authenticated, service_role;
