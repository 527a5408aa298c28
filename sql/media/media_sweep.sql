-- What sweepMedia does: drains the queue of removals, and finds what the queue missed.

-- Whether something shows or expects this file; whichever project of its user's shows it.
create function private.is_file_wanted(bucket_id text, name text) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case $1
    when 'project-media' then exists (
      select from public.projects as project join public.project_images as image on image.project_id = project.id
      where project.user_id = private.folder_id($2, 1)
        and private.media_file_stem(private.media_file_name(image.url)) = private.media_file_stem($2)
    ) or exists (
      select from public.projects as project join public.project_videos as video on video.project_id = project.id
      where project.user_id = private.folder_id($2, 1)
        and private.media_file_stem(private.media_file_name(video.url)) = private.media_file_stem($2)
    )
    when 'avatars' then exists (
      select from private.users as profile
      where profile.id = private.folder_id($2, 1) and private.avatar_file_name(profile.avatar_url) = $2
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
comment on function private.is_file_wanted(text, text) is 'Whether a row still stands for this file.';

-- SKIP LOCKED and a lease let runs pass each other. What is wanted again is taken off the list.
create function public.lease_file_removals(batch int, lease_seconds int) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with due as materialized (
    select removal.bucket_id, removal.name, private.is_file_wanted(removal.bucket_id, removal.name) as wanted
    from private.file_removals as removal where removal.next_attempt_at <= now()
    order by removal.next_attempt_at limit batch for update skip locked
  ),
  kept as (
    delete from private.file_removals as removal using due
    where due.wanted and removal.bucket_id = due.bucket_id and removal.name = due.name
  ),
  taken as (
    update private.file_removals as removal set
      attempts = removal.attempts + 1, next_attempt_at = now() + make_interval(secs => lease_seconds)
    from due where not due.wanted and removal.bucket_id = due.bucket_id and removal.name = due.name
    returning removal.bucket_id, removal.name
  )
  select coalesce(jsonb_agg(to_jsonb(taken)), '[]') from taken
$$;
comment on function public.lease_file_removals(int, int) is 'Takes files whose removal is due.';

-- Storage's own table says what is gone, not the answer that may have been lost. What is left waits longer each time.
create function public.finish_file_removals(bucket_id text, names text[], reason text) returns jsonb
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (
    delete from private.file_removals as removal
    where removal.bucket_id = $1 and removal.name = any ($2) and not exists (
      select from storage.objects as object where object.bucket_id = $1 and object.name = removal.name
    )
    returning removal.name
  ),
  left_over as (
    update private.file_removals as removal set
      last_error = coalesce($3, 'still_there'),
      next_attempt_at = now() + least(interval '1 minute' * 2 ^ least(removal.attempts, 12), interval '6 hours')
    where removal.bucket_id = $1 and removal.name = any ($2) and exists (
      select from storage.objects as object where object.bucket_id = $1 and object.name = removal.name
    )
    returning removal.name
  )
  select jsonb_build_object(
    'removed', (select count(*) from gone), 'failed', (select count(*) from left_over)
  )
$$;
comment on function public.finish_file_removals(text, text[], text) is
  'Takes files that are gone off the list; the rest is tried again later.';

create function public.count_file_removals() returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*) from private.file_removals
$$;
comment on function public.count_file_removals() is 'How many files wait to be removed.';

-- Both ways: files that no row stands for (and files of nobody), and rows whose file is missing. Files younger than the
-- given time may be on their way. Files that users once stored under names of their own are theirs to keep.
create function public.queue_orphaned_files(older_than_seconds int) returns jsonb
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_stem(private.media_file_name(image.url)) as stem from public.project_images as image
    union select private.media_file_stem(private.media_file_name(video.url)) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as profile where profile.id::text = split_part(object.name, '/', 1))
        or (
          object.bucket_id in ('uploads', 'avatars', 'qr-codes', 'account-exports')
          and not private.is_file_wanted(object.bucket_id, object.name)
        )
        or (
          object.bucket_id = 'project-media'
          and private.media_file_stem(object.name) is not null
          and not exists (select from shown where shown.stem = private.media_file_stem(object.name))
        )
      )
    on conflict do nothing
    returning name
  )
  select count(*) into orphans from queued;

  select coalesce(jsonb_agg(medium.id), '[]') into missing from (
    select image.id, private.media_file_name(image.url) as name from public.project_images as image
    union all
    select video.id, private.media_file_name(video.url) from public.project_videos as video
  ) as medium
  where medium.name is not null and not exists (
    select from storage.objects as object where object.bucket_id = 'project-media' and object.name = medium.name
  );
  return jsonb_build_object('expired', expired, 'orphans', orphans, 'missing', missing);
end
$$;
comment on function public.queue_orphaned_files(int) is
  'Queues files that nothing stands for; lists the rows whose file is missing.';

insert into private.cron_jobs (name, schedule, path, body) values
  ('sweepMedia', '*/5 * * * *', 'sweepMedia', '{}'),
  ('findOrphanedMedia', '40 3 * * *', 'sweepMedia', '{"orphans": true}');
