-- What a user has: tier, plan, price, dates, the next step, limits and use, in one call.

-- What the trigger that refuses more was made with: the one place of the number.
create function private.row_limit(relation regclass) returns int
language sql stable set search_path = pg_catalog, pg_temp as $$
  select split_part(encode(guard.tgargs, 'escape'), '\000', 2)::int from pg_trigger as guard
  where guard.tgrelid = relation and guard.tgname = 'limit_rows'
$$;
comment on function private.row_limit(regclass) is 'How many rows of a table a user may have.';

-- Definer, because what is counted a day and exported is read by handlers alone; of the caller's rows only.
create function private.own_usage() returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'projects', jsonb_build_object(
      'used', (select count(*) from public.projects as own where own.user_id = profile.id),
      'max', private.row_limit('public.projects')
    ),
    'layouts', jsonb_build_object(
      'used', (select count(*) from public.layouts as own where own.user_id = profile.id),
      'max', private.row_limit('public.layouts')
    ),
    'images', jsonb_build_object('used', (
      select count(*) from public.project_images as image
      join public.projects as own on own.id = image.project_id and own.user_id = profile.id
    )),
    'videos', jsonb_build_object('used', (
      select count(*) from public.project_videos as video
      join public.projects as own on own.id = video.project_id and own.user_id = profile.id
    )),
    'designs', jsonb_build_object(
      'used', coalesce(today.used, 0),
      'max', allowed.designs_per_day,
      -- Failed ones are given back, but cost money: beyond four times as many there is none today.
      'left', case
        when today.attempts >= 4 * allowed.designs_per_day then 0
        else greatest(allowed.designs_per_day - coalesce(today.used, 0), 0)
      end,
      'resets_at', (date_trunc('day', now() at time zone 'utc') + interval '1 day') at time zone 'utc'
    ),
    'exports', jsonb_build_object(
      'running', coalesce(export.finished_at is null and export.id is not null, false),
      'ready_until', case when export.finished_at is not null then export.expires_at end
    ),
    'storage', public.get_storage_usage()
  )
  from private.users as profile
  join public.tier_limits as allowed on allowed.tier = profile.tier
  left join private.design_usage as today
    on today.user_id = profile.id and today.day = (now() at time zone 'utc')::date
  left join lateral (
    select latest.id, latest.finished_at, latest.expires_at from private.account_exports as latest
    where latest.user_id = profile.id and latest.expires_at > now() order by latest.started_at desc limit 1
  ) as export on true
  where profile.id = (select auth.uid())
$$;
comment on function private.own_usage() is 'What the caller uses, and how much there is of it.';

-- The subscription is the one that gives the tier, else the newest that is live, else the newest.
create function public.get_my_plan() returns jsonb
language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'tier', profile.tier,
    'plan', own.plan,
    'status', own.status,
    'price', case when own.price_amount is not null then jsonb_build_object(
      'amount', own.price_amount, 'currency', own.price_currency,
      'interval', own.price_interval, 'interval_count', own.price_interval_count
    ) end,
    'renews_at', case
      when own.status in ('trialing', 'active', 'past_due') and own.cancel_at is null then own.current_period_end
    end,
    'ends_at', own.cancel_at,
    'trial_end', case when own.status = 'trialing' then own.trial_end end,
    'grace_until', own.grace_until,
    'next_step', case
      when own.status in ('past_due', 'unpaid') then 'update_payment_method'
      when own.status = 'incomplete' then 'complete_payment'
      when own.status = 'paused' then 'add_payment_method'
      when own.status in ('trialing', 'active') then 'none'
      else 'choose_plan'
    end,
    'pay_url', (
      select invoice.hosted_invoice_url from public.invoices as invoice
      where invoice.user_id = profile.id and invoice.status = 'open' and invoice.amount_remaining > 0
      order by invoice.created_at desc limit 1
    ),
    'use', private.own_usage()
  )
  from private.users as profile
  left join lateral (
    select * from public.subscriptions as one where one.user_id = profile.id
    order by
      one.tier = 'paid' and one.status in ('trialing', 'active', 'past_due') desc,
      one.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') desc,
      one.created_at desc
    limit 1
  ) as own on true
  where profile.id = (select auth.uid())
$$;
comment on function public.get_my_plan() is
  'What the caller has: tier, plan, price, status, dates, the next step, limits and use; see docs/billing.md.';
