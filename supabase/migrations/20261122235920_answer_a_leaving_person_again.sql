-- Asking twice is asking once, also under a name that has changed since: whoever lost the answer gets it again.
create or replace function public.request_account_deletion(
  user_id uuid, username text, recent_seconds int, grace_seconds int
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  if found then
    return private.deletion_receipt(deletion);
  elsif not exists (select from private.users as person where person.id = $1) then
    return '{"reason": "account_gone"}';
  elsif not exists (select from private.users as person where person.id = $1 and person.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$$;
comment on function public.request_account_deletion(uuid, text, int, int) is
  'Remembers that a person leaves; {"reason"} where they are gone, did not type their name or did not sign in just now.';
