-- Whom a restored backup must not bring back. A hash of a random id says nothing to anybody who has not the id.

create table private.deleted_people (
  person_hash text primary key check (person_hash ~ '^[0-9a-f]{64}$'),
  deleted_at timestamptz not null default now()
);
comment on table private.deleted_people is
  'Hashes of the ids of people who were deleted in the last 90 days, for as long as there are backups with them.';

create function private.person_hash(user_id uuid) returns text
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select encode(sha256(user_id::text::bytea), 'hex')
$$;
comment on function private.person_hash(uuid) is 'What is remembered of a deleted person.';

create function private.remember_deleted_person() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.deleted_people (person_hash) values (private.person_hash(old.id)) on conflict do nothing;
  delete from private.deleted_people as gone where gone.deleted_at < now() - interval '90 days';
  return null;
end
$$;
comment on function private.remember_deleted_person() is 'Trigger: however a person was deleted.';

create trigger remember_deleted_person after delete on private.users
  for each row execute function private.remember_deleted_person();

-- By the ordinary way, so that Stripe and the stored files are seen to. Everybody is remembered, for the restore after this one.
create function private.delete_people_again(hashes text[]) returns int
language sql set search_path = pg_catalog, pg_temp as $$
  insert into private.deleted_people (person_hash) select unnest(hashes) on conflict do nothing;
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select person.id, private.stripe_ids(person.id), now()
    from private.users as person where private.person_hash(person.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$$;
comment on function private.delete_people_again(text[]) is
  'After a restore: asks for the deletion of those who had been deleted since; how many there are.';
