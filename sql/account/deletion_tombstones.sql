-- Whom a restored backup must not bring back. A hash of a random id says nothing to anybody who has not the id.

create table private.deletion_tombstones (
  user_id_hash text primary key check (user_id_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);
comment on table private.deletion_tombstones is
  'Hashes of the ids of users who were deleted in the last 90 days, for as long as there are backups with them.';

create function private.user_id_hash(user_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(user_id::text::bytea), 'hex')
$$;
comment on function private.user_id_hash(uuid) is 'What is remembered of a deleted user.';

create function private.record_deletion_tombstone() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.deletion_tombstones (user_id_hash) values (private.user_id_hash(old.id)) on conflict do nothing;
  delete from private.deletion_tombstones as gone where gone.deleted_at < now() - interval '90 days';
  return null;
end
$$;
comment on function private.record_deletion_tombstone() is 'Trigger: however a user was deleted.';

create trigger record_deletion_tombstone after delete on private.users
  for each row execute function private.record_deletion_tombstone();

-- By the ordinary way, so that Stripe and the stored files are seen to. Everybody is remembered, for the restore after this one.
create function private.delete_users_again(hashes text[]) returns int
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.deletion_tombstones (user_id_hash) select unnest(hashes) on conflict do nothing;
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select profile.id, private.stripe_ids(profile.id), now()
    from private.users as profile where private.user_id_hash(profile.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$$;
comment on function private.delete_users_again(text[]) is
  'After a restore: asks for the deletion of those who had been deleted since; how many there are.';
