-- The list must not shrink to those who had come back: the next restore needs all of it.

create or replace function private.delete_people_again(hashes text[]) returns int
language sql set search_path = '' as $$
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
