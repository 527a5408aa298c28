-- The e-mails that follow from what changed of a subscription, whichever event or reconciliation showed it. Those that
-- follow from an event alone (a renewal, a failed payment) are decided in functions/showcase/billing/emails.py.

create function private.is_live(status text) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
$$;
comment on function private.is_live(text) is 'Whether a subscription of this status is one that its user has.';

-- What happened long before it was first seen here is no news.
create function private.queue_subscription_emails(
  before public.subscriptions, after public.subscriptions, version bigint, event_id text, mailed jsonb
) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  news constant timestamptz := now() - interval '7 days';
  plan constant jsonb := jsonb_build_object('plan', after.plan);
  was_ending constant timestamptz := case when private.is_live(before.status) then before.cancel_at end;
begin
  if after.status in ('trialing', 'active') and after.created_at > news then
    perform private.queue_notification(after.user_id, 'subscription_started', after.stripe_id, plan || jsonb_strip_nulls(
      coalesce(mailed -> 'price', '{}') || jsonb_build_object(
        'trial_end', case when after.status = 'trialing' then mailed -> 'trial_end' end,
        'period_end', case when after.cancel_at is null then after.current_period_end end,
        'ends_at', after.cancel_at
      )
    ));
  end if;
  if private.is_live(after.status) and after.cancel_at is distinct from was_ending then
    if after.cancel_at is null then
      perform private.queue_notification(
        after.user_id, 'cancellation_withdrawn', after.stripe_id || ':' || version,
        plan || jsonb_build_object('period_end', after.current_period_end)
      );
    elsif before.id is not null or event_id is not null then
      perform private.queue_notification(
        after.user_id, 'cancellation_scheduled', after.stripe_id || ':' || version,
        plan || jsonb_build_object('ends_at', after.cancel_at)
      );
    end if;
  end if;
  if after.status = 'canceled' and (
    private.is_live(before.status)
    or after.cancel_at > news
      and exists (select from private.stripe_events as e where e.id = event_id and e.type = 'customer.subscription.deleted')
  ) then
    perform private.queue_notification(
      after.user_id, 'subscription_canceled', after.stripe_id, plan || jsonb_build_object('ended_at', after.cancel_at)
    );
  end if;
end
$$;
comment on function private.queue_subscription_emails(public.subscriptions, public.subscriptions, bigint, text, jsonb) is
  'Queues e-mails about a subscription that began, is to end, goes on after all, or ended.';
