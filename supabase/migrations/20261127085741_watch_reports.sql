-- Reports of projects that nobody decides are a warning after an hour, an alert after a day.

insert into private.state_limits (item, warn, alert, unit) values ('project_reports', 60, 1440, 'minutes');

create or replace function public.get_system_state(design_budget numeric default null, x_posts_a_month int default null)
returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with facts (item, subject, value, verdict, detail) as (
    select * from private.state_of_platforms()
    union all
    select 'stripe_events', '', private.minutes_since(min(event.received_at)), null,
      format('%s unprocessed', count(*))
        || coalesce(', ' || left((array_agg(event.error order by event.attempted_at desc nulls last))[1], 100), '')
    from private.stripe_events as event where event.processed_at is null
    union all
    select 'billing_findings', '', coalesce(sum(open.number), 0),
      case when bool_or(open.kind = 'charge_disputed') then 'alert' end,
      coalesce(string_agg(format('%s %s', open.number, open.kind), ', ' order by open.kind), '')
    from (
      select finding.kind, count(*) as number from private.billing_findings as finding
      where finding.resolved_at is null group by finding.kind
    ) as open
    union all
    select 'mail_queued', '', private.minutes_since(min(mail.next_attempt_at)), null, format('%s due', count(*))
    from public.notifications as mail where mail.status in ('queued', 'sending') and mail.next_attempt_at <= now()
    union all
    select case mail.status when 'failed' then 'mail_failed' else 'mail_suppressed' end, '', count(*), null, ''
    from public.notifications as mail
    where mail.status in ('failed', 'bounced', 'suppressed') and mail.next_attempt_at > now() - interval '1 day'
    group by 1
    union all
    select 'account_deletions', '', private.minutes_since(min(deletion.due_at)), null,
      format('%s waiting', count(*))
        || coalesce(': ' || string_agg(distinct deletion.last_error, ', '), '')
    from private.account_deletions as deletion
    where deletion.status in ('scheduled', 'running') and deletion.due_at <= now()
    union all
    select 'account_exports', '', private.minutes_since(min(export.started_at)), null,
      format('%s being made', count(*)) || coalesce(': ' || string_agg(distinct export.last_error, ', '), '')
    from private.account_exports as export where export.finished_at is null and export.expires_at > now()
    union all
    select 'file_removals', '', private.minutes_since(min(removal.created_at)), null,
      format('%s queued', count(*)) || coalesce(': ' || string_agg(distinct removal.last_error, ', '), '')
    from private.file_removals as removal
    union all
    select 'project_reports', '', private.minutes_since(min(open.since)), null,
      format('%s open', coalesce(sum(open.number), 0))
        || coalesce(': ' || string_agg(format('%s %s', open.number, open.reason), ', ' order by open.reason), '')
    from (
      select report.reason, count(*) as number, min(report.created_at) as since from public.project_reports as report
      where report.closed_at is null group by report.reason
    ) as open
    union all
    select 'design_budget', '', round(100 * spent.dollars / nullif(design_budget, 0)), null,
      format('$%s of $%s this month', round(spent.dollars, 2), coalesce(design_budget::text, '?'))
    from (
      select (coalesce((
        select book.spent_micros from private.design_spending as book
        where book.month = date_trunc('month', now() at time zone 'utc')::date
      ), 0) + coalesce(sum(run.reserved_micros), 0)) / 1000000.0 as dollars from private.design_runs as run
    ) as spent
    union all
    select 'x_reads', '', round(100.0 * spent.posts / nullif(x_posts_a_month, 0)), null,
      format('%s of %s posts this month', spent.posts, coalesce(x_posts_a_month::text, '?'))
    from (
      select coalesce(sum(budget.units), 0) as posts from private.metric_budgets as budget
      where budget.platform = 'twitter' and budget.month = date_trunc('month', now() at time zone 'utc')::date
    ) as spent
    union all
    select 'job', job.subject, job.minutes, job.verdict, job.detail from private.state_of_jobs() as job
  )
  select jsonb_agg(
    jsonb_build_object(
      'item', fact.item, 'subject', fact.subject, 'value', fact.value, 'unit', coalesce(known.unit, fallback.unit),
      'verdict', case
        when fact.verdict = 'alert' or fact.value >= known.alert then 'alert'
        when fact.verdict = 'warn' or fact.value >= known.warn then 'warn'
        else 'ok'
      end,
      'detail', fact.detail
    ) order by fact.item, fact.subject
  )
  from facts as fact
  left join private.state_limits as known on known.item = fact.item
  cross join lateral (
    select case fact.item when 'job' then 'minutes ago' else 'resting' end as unit
  ) as fallback
$$;
