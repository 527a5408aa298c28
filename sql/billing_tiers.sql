-- Which subscriptions give the tier that they are of: the table that docs/billing.md explains.

create function private.subscription_pays(status text, grace_until timestamptz) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
  select case status
    when 'active' then true
    when 'trialing' then true
    when 'past_due' then coalesce(grace_until > now(), false)
    else false -- incomplete, incomplete_expired, unpaid, paused, canceled
  end
$$;
comment on function private.subscription_pays(text, timestamptz) is 'Whether a subscription of this status gives its tier.';

-- Derived from all of a person's subscriptions, never moved up or down by one event. The caller holds the person's row.
create function private.refresh_tier(person uuid) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  derived constant text := case
    when exists (
      select from public.subscriptions as own
      where own.user_id = person and own.tier = 'paid' and private.subscription_pays(own.status, own.grace_until)
    ) then 'paid'
    else 'free'
  end;
begin
  update private.users set tier = derived where id = person and tier <> derived;
  return derived;
end
$$;
comment on function private.refresh_tier(uuid) is 'Sets the tier of a person to what their subscriptions give; that tier.';

-- Time ends a grace without any event. How many people it took the tier from.
create function public.end_grace() returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  person uuid;
  ended int := 0;
begin
  for person in
    select users.id from private.users
    where users.tier = 'paid' and exists (
      select from public.subscriptions as own
      where own.user_id = users.id and own.status = 'past_due' and own.grace_until <= now()
    )
    order by users.id for no key update
  loop
    if private.refresh_tier(person) = 'free' then
      ended := ended + 1;
    end if;
  end loop;
  return ended;
end
$$;
comment on function public.end_grace() is 'Takes the tier from whose grace is over; how many those were.';
