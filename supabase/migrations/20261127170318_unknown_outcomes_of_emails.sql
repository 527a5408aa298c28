-- An e-mail whose sending got no answer has the outcome unknown.
create or replace function public.record_notifications(results jsonb) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform from public.notifications as notification
  where notification.id in (select (result ->> 'id')::uuid from jsonb_array_elements(results) as result)
  order by notification.id for update;

  update public.notifications as notification set
    status = case result.outcome when 'sent' then 'sent' when 'failed' then 'failed' when 'unknown' then 'sending' else 'queued' end,
    sent_at = case when result.outcome = 'sent' then now() else notification.sent_at end,
    provider_message_id = coalesce(result.message_id, notification.provider_message_id),
    error = result.error,
    next_attempt_at = case
      when result.outcome in ('retry', 'unknown') then now() + make_interval(secs => coalesce(result.wait_seconds, 0))
      else notification.next_attempt_at
    end
  from jsonb_to_recordset(results) as result (
    id uuid, attempt int, outcome text, message_id text, error text, wait_seconds double precision
  )
  where notification.id = result.id and notification.status in ('queued', 'sending')
    and (result.outcome = 'sent' or (notification.status = 'sending' and notification.attempts = result.attempt));
end
$$;
comment on function public.record_notifications(jsonb) is
  'Stores what came of sending: sent, failed, retry (after wait_seconds) or unknown (no answer: settles until then).';
