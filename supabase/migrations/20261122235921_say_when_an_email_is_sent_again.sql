-- Whoever asks for an e-mail again too early is told so, and when to ask: it looked as if it had been sent.
create or replace function public.request_notification_again(user_id uuid, type text, quiet_seconds int) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  latest public.notifications;
  again_at timestamptz;
begin
  select * into latest from public.notifications as notification
  where notification.user_id = $1 and notification.type = $2
  order by notification.created_at desc, notification.id limit 1;
  if latest.id is null then
    return case when $2 = 'welcome' then public.request_notification($1, $2, 'welcome') end;
  elsif latest.payload ->> 'expires_at' < to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS') then
    return null;
  elsif latest.status in ('queued', 'sending') then
    return jsonb_build_object('id', latest.id, 'status', latest.status);
  end if;
  again_at := coalesce(latest.sent_at, latest.created_at) + make_interval(secs => quiet_seconds);
  if again_at > now() then
    return jsonb_build_object(
      'id', latest.id, 'status', latest.status, 'retry_after', ceil(extract(epoch from again_at - now()))::int
    );
  end if;
  return public.request_notification($1, $2, 'again-' || latest.id, latest.payload);
end
$$;
comment on function public.request_notification_again(uuid, text, int) is
  'The latest e-mail of a type once more, or that one where it is young, with retry_after; null where there is none to send.';
