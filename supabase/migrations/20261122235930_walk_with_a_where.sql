-- A hosted project refuses an update without a where (pg_safeupdate, which every session of its API loads), inside
-- functions too: the walk could not be moved there.
create or replace function public.reconcile_stripe_page(
  ticket bigint, subscriptions jsonb, reached text, reaches text, grace_seconds int
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_variable
declare
  walk private.billing_walk;
  told jsonb;
  applied jsonb;
  repaired jsonb := '[]';
  findings jsonb := '[]';
  failed jsonb := '[]';
begin
  select * into walk from private.billing_walk for update;
  if walk.phase <> 'stripe' or walk.reached is distinct from reached or walk.finished_at is not null then
    return jsonb_build_object('overtaken', true);
  end if;
  for told in
    select value from jsonb_array_elements(subscriptions) order by private.owner_of_subscription(value), value ->> 'id'
  loop
    begin
      applied := public.apply_stripe_subscription(ticket, told, grace_seconds);
    exception when data_exception or integrity_constraint_violation then
      failed := failed || jsonb_build_object('subscription', told ->> 'id', 'error', sqlerrm);
      continue;
    end;
    findings := findings || (applied -> 'findings');
    if applied -> 'changed' <> '[]' then
      repaired := repaired || jsonb_build_object('subscription', told ->> 'id', 'changed', applied -> 'changed');
    end if;
  end loop;
  -- A hosted project refuses an update without a where, although there is one row.
  update private.billing_walk as w set
    reached = reaches, phase = case when reaches is null then 'ours' else 'stripe' end
  where w.id;
  return jsonb_build_object(
    'overtaken', false, 'repaired', repaired, 'findings', findings, 'failed', failed,
    'ticket', nextval('private.stripe_tickets')
  );
end
$$;
