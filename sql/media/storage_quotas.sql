-- One quota of bytes and files per user, over all buckets. Data, so that an operator changes it by an UPDATE.

-- Beside tier_limits, which has a row a tier as well: clients read both by their names. How many images and videos a project
-- may have is in neither, and so not in get_my_plan: the media functions are given it (MEDIA_IMAGES_FREE and its like).
create table public.storage_quotas (
  tier text primary key constraint storage_quotas_tier_choices check (tier in ('free', 'paid')),
  max_bytes bigint not null constraint storage_quotas_max_bytes_range check (max_bytes >= 0),
  max_files int not null constraint storage_quotas_max_files_range check (max_files >= 0)
);
comment on table public.storage_quotas is
  e'How much a user of each tier may store, over all buckets.\n'
  '@graphql({"name": "StorageQuota"})';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint storage_quotas_tier_choices on public.storage_quotas is 'Tier must be free or paid.';
comment on constraint storage_quotas_max_bytes_range on public.storage_quotas is 'Max bytes must be 0 or more.';
comment on constraint storage_quotas_max_files_range on public.storage_quotas is 'Max files must be 0 or more.';

insert into public.storage_quotas (tier, max_bytes, max_files) values
  ('free', 500 * 1024 * 1024, 2000),
  ('paid', 10::bigint * 1024 * 1024 * 1024, 20000);

-- Counters: an upload must not add up all files of its user.
create table private.storage_usage (
  user_id uuid primary key references private.users (id) on delete cascade,
  used_bytes bigint not null default 0,
  used_files bigint not null default 0,
  reserved_bytes bigint not null default 0,
  reserved_files bigint not null default 0
);
comment on table private.storage_usage is
  'How much each user stores: the sums over storage.objects and over uploads that were announced or begun.';
comment on column private.storage_usage.used_bytes is
  'Of the files below the user''s folder in every bucket but account-exports, which has copies of them.';
comment on column private.storage_usage.reserved_bytes is
  'Of announced uploads whose file has not arrived, and of parts of S3 multipart uploads.';

create function private.create_storage_usage() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.storage_usage (user_id) values (new.id);
  return null;
end
$$;
comment on function private.create_storage_usage() is 'Trigger: the counters of a new user.';

create trigger create_storage_usage after insert on private.users
  for each row execute function private.create_storage_usage();

-- Called with the user's counters locked. Overdue announcements are released only where room is short: no job needs to
-- have run before.
create function private.within_storage_quota(user_id uuid, more_bytes bigint, more_files bigint) returns boolean
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  within boolean;
begin
  for attempt in 1..2 loop
    select not exists (
      select from private.storage_usage as usage
      join private.users as owner on owner.id = usage.user_id
      join public.storage_quotas as quota on quota.tier = owner.tier
      where usage.user_id = $1 and (
        usage.used_bytes + usage.reserved_bytes + $2 > quota.max_bytes
        or usage.used_files + usage.reserved_files + $3 > quota.max_files
      )
    ) into within;
    exit when within or public.expire_media_uploads($1) = 0;
  end loop;
  return within;
end
$$;
comment on function private.within_storage_quota(uuid, bigint, bigint) is
  'Whether a user may store so much more; a negative number is what is about to go.';

create function public.get_storage_usage() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(usage) - 'user_id' || jsonb_build_object('max_bytes', quota.max_bytes, 'max_files', quota.max_files)
  from private.storage_usage as usage
  join private.users as owner on owner.id = usage.user_id
  join public.storage_quotas as quota on quota.tier = owner.tier
  where usage.user_id = (select auth.uid())
$$;
comment on function public.get_storage_usage() is
  'The caller''s storage: used_bytes, used_files, reserved_bytes, reserved_files, max_bytes, max_files.';
