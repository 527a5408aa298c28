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

-- Derived from all of a user's subscriptions, never moved up or down by one event. The caller has locked the
-- user's row. The tier of each subscription follows too: time ends a grace.
create function private.refresh_tier(profile uuid) returns text
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  derived text;
begin
  update public.subscriptions as own set tier = given.tier
  from (
    select sold.id, case
      when private.subscription_pays(sold.status, sold.grace_until) then known.sold_tier else 'free'
    end as tier
    from public.subscriptions as sold join private.stripe_subscriptions as known on known.stripe_id = sold.stripe_id
    where sold.user_id = profile
  ) as given
  where own.id = given.id and own.tier <> given.tier;
  derived := case
    when exists (
      select from public.subscriptions as own
      where own.user_id = profile and own.tier = 'paid' and private.subscription_pays(own.status, own.grace_until)
    ) then 'paid'
    else 'free'
  end;
  update private.users set tier = derived where id = profile and users.tier <> derived;
  return derived;
end
$$;
comment on function private.refresh_tier(uuid) is
  'Sets the tiers of a user and of their subscriptions to what these give now; the user''s.';

-- Time ends a grace without any event. How many users it took the tier from.
create function public.end_grace() returns int
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  profile uuid;
  ended int := 0;
begin
  for profile in
    select users.id from private.users
    where users.tier = 'paid' and exists (
      select from public.subscriptions as own
      where own.user_id = users.id and own.status = 'past_due' and own.grace_until <= now()
    )
    order by users.id for no key update
  loop
    if private.refresh_tier(profile) = 'free' then
      ended := ended + 1;
    end if;
  end loop;
  return ended;
end
$$;
comment on function public.end_grace() is 'Takes the tier from whose grace is over; how many those were.';
