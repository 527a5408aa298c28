-- Monitoring, number 10 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/monitoring/system_state.sql

-- How the whole system is, in one question: what waits, what failed, what is spent, which jobs ran.

-- The thresholds, all of them. A change takes effect at once, without a deployment.
create table private.state_limits (
  item text primary key check (char_length(item) between 1 and 40),
  warn numeric not null,
  alert numeric not null check (alert >= warn),
  unit text not null check (char_length(unit) between 1 and 20)
);
comment on table private.state_limits is 'From which value on an item of the state is a warning, and an alert.';

insert into private.state_limits (item, warn, alert, unit) values
  ('due_sources', 60, 360, 'minutes'), -- since the oldest is due: refreshSocialMetrics comes every five
  ('stripe_events', 10, 70, 'minutes'), -- since the oldest came; reconcileSubscriptions tries again every hour
  ('billing_findings', 1, 20, 'open'),
  ('mail_queued', 10, 60, 'minutes'), -- since the oldest is due: dispatchNotifications comes every minute
  ('mail_failed', 1, 25, 'in a day'),
  ('mail_suppressed', 50, 500, 'in a day'), -- bounced, unsubscribed, without an address
  ('account_deletions', 60, 1440, 'minutes'), -- since the oldest is due
  ('account_exports', 60, 1440, 'minutes'), -- since the oldest was asked for
  ('file_removals', 120, 1440, 'minutes'), -- since the oldest is queued
  ('project_reports', 60, 1440, 'minutes'), -- since the oldest open one
  ('design_budget', 80, 100, '% spent'),
  ('x_reads', 80, 100, '% spent');

-- A platform's credentials that are not to be used now. A refused one needs somebody, the rest passes.
create function private.state_of_platforms()
returns table (item text, subject text, value numeric, verdict text, detail text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select line.* from unnest(array['github', 'linkedin', 'twitter']) as platform (name)
  cross join lateral (
    select count(*) as number, min(source.due_at) as oldest from private.metric_sources as source
    where source.platform = platform.name and source.state <> 'paused' and source.due_at <= now()
  ) as due
  cross join lateral (
    select count(*) filter (where budget.not_before > now()) as blocked, count(*) as known,
      bool_or(budget.reason like 'rejected%') filter (where budget.not_before > now()) as rejected,
      bool_or(budget.reason = 'unavailable') filter (where budget.not_before > now()) as unavailable,
      string_agg(
        format('%s (%s) until %s', budget.reason, budget.credential,
          to_char(budget.not_before at time zone 'utc', 'MM-DD HH24:MI "UTC"')), '; ' order by budget.credential
      ) filter (where budget.not_before > now()) as reasons
    from private.metric_budgets as budget where budget.platform = platform.name
  ) as credentials
  cross join lateral (
    values
      (
        'due_sources', platform.name, private.minutes_since(due.oldest),
        case when due.number > 0 and credentials.known = 0 then 'warn' end,
        format('%s due', due.number)
          || case when due.number > 0 and credentials.known = 0 then ', nobody asked yet: is it set up?' else '' end
      ),
      (
        'platform_blocked', platform.name, credentials.blocked::numeric,
        case when credentials.rejected then 'alert' when credentials.unavailable then 'warn' else 'ok' end,
        coalesce(credentials.reasons, '')
      )
  ) as line (item, subject, value, verdict, detail)
$$;
comment on function private.state_of_platforms() is 'What each platform is still to be asked, and which credentials rest.';

-- What the functions' settings limit is an argument of the caller, since only it knows. Definer, since most of these tables
-- are nobody's through the API.
create function public.get_system_state(design_budget numeric default null, x_posts_a_month int default null)
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
comment on function public.get_system_state(numeric, int) is
  'Each thing that an operator looks at, with its verdict: ok, warn or alert. For the monthly budgets: in US dollars, in posts.';

-- Once a token is replaced, requests need not wait for the rest of its day.
create function public.resume_platform(platform text) returns int
language sql set search_path = pg_catalog, pg_temp as $$
  update private.metric_sources as source set blocked_until = null, due_at = least(source.due_at, now())
  where source.platform = $1 and source.blocked_until > now() and source.last_error not in ('gone', 'forbidden');
  with resumed as (
    update private.metric_budgets as budget set not_before = null, reason = null, failures = 0
    where budget.platform = $1 and budget.not_before is not null returning 1
  )
  select count(*)::int from resumed
$$;
comment on function public.resume_platform(text) is 'Has a platform asked again at once; how many of its credentials rested.';

-- What did not arrive lately, out of a log that grows.
create index notifications_undelivered_idx on public.notifications (next_attempt_at)
  where status in ('failed', 'bounced', 'suppressed');

-- Somebody has to hear of it: it looks, and reports what is not as it should be.
insert into private.cron_jobs (name, schedule, path) values ('watchSystem', '*/5 * * * *', 'watchSystem');

-- policies/monitoring.sql

-- Who may read, write and call what of monitoring: row-level security, and grants by column where a row mixes public and private.

-- The thresholds are the operators', in SQL; only services read what came of them.
alter table private.state_limits enable row level security;

create policy "nobody through the API" on private.state_limits for all to anon, authenticated, service_role
  using (false) with check (false);

revoke all on table private.state_limits from anon, authenticated, service_role;

revoke all on function private.state_of_platforms() from public;
revoke all on function public.get_system_state(numeric, int) from public, anon, authenticated;
grant execute on function public.get_system_state(numeric, int) to service_role;
revoke all on function public.resume_platform(text) from public, anon, authenticated;
grant execute on function public.resume_platform(text) to service_role;

reset check_function_bodies;
