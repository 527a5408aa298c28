-- Who moved an image to another project and deleted the first lost its file, and had more images than their plan allows.

-- A row's file lies in its project's folder, goes with it, and is counted there: neither moves to another project.
create function private.keep_project() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'The project of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_project() is 'Trigger: images and videos stay with their project.';

create trigger keep_project before update on public.project_images
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();
create trigger keep_project before update on public.project_videos
  for each row when (old.project_id is distinct from new.project_id) execute function private.keep_project();

revoke all on function private.keep_project() from public, anon, authenticated, service_role;

-- Whether something shows or expects this file; whichever project of its person's shows it.
create or replace function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = '' as $$
  select case $1
    when 'project-media' then exists (
      select from public.projects as project join public.project_images as image on image.project_id = project.id
      where project.user_id = private.folder_id($2, 1) and private.media_file_name(image.url) = $2
    ) or exists (
      select from public.projects as project join public.project_videos as video on video.project_id = project.id
      where project.user_id = private.folder_id($2, 1) and private.media_file_name(video.url) = $2
    )
    when 'qr-codes' then exists (select from private.qr_codes as code where code.name = $2)
    when 'uploads' then exists (
      select from private.media_uploads as upload
      where upload.user_id = private.folder_id($2, 1) and upload.id = private.folder_id($2, 2)
        and upload.status = 'pending'
    )
    when 'account-exports' then exists (
      select from private.account_exports as made
      where made.user_id = private.folder_id($2, 1)
        and (made.id = private.folder_id($2, 2) or made.parts @> jsonb_build_array(jsonb_build_object('name', $2)))
    )
    else false
  end
$$;
