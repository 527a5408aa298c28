-- A message to the owner of a project, by e-mail: neither learns the other's address but by an answer.

-- What a stranger wrote is kept until it is sent, and no longer.
create function private.redact_contact_message() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.payload := '{}';
  return new;
end
$$;
comment on function private.redact_contact_message() is 'Trigger: a message to an owner is not kept once it is sent, or never will be.';

create trigger redact_contact_message before update on public.notifications
  for each row when (new.type = 'contact_message' and new.status not in ('queued', 'sending'))
  execute function private.redact_contact_message();

-- The same message again is the same message: a caller that lost the answer may repeat it. Definer: it reads whose project it is,
-- and counts under hashes of the day (sql/core/daily_uses.sql).
create function public.send_contact_message(project_id uuid, name text, email text, message text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  project public.projects;
  sender constant text := trim($2);
  reply_to constant text := lower(trim($3));
  message_hash text;
begin
  -- It is in the subject: no line separators either, and nothing that turns the direction of what follows.
  if coalesce(char_length(sender), 0) not between 1 and 100
    or sender ~ '[[:cntrl:]\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]' or sender !~ '[^[:space:]\u200b\ufeff]'
  then
    raise exception 'name has 1 to 100 characters, on one line.' using errcode = 'invalid_parameter_value', detail = 'field: name';
  elsif coalesce(char_length(reply_to), 0) not between 3 and 254
    or reply_to !~ '^[^[:space:][:cntrl:]@<>(),;:"\\.]+(\.[^[:space:][:cntrl:]@<>(),;:"\\.]+)*'
      '@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9][a-z0-9-]*[a-z0-9]$'
  then
    raise exception 'email is an e-mail address.' using errcode = 'invalid_parameter_value', detail = 'field: email';
  elsif coalesce(char_length(trim($4)), 0) not between 1 and 5000 or $4 !~ '[^[:space:]\u200b\ufeff]' then
    raise exception 'message has 1 to 5,000 characters.' using errcode = 'invalid_parameter_value', detail = 'field: message';
  end if;
  select * into project from public.projects as known
  where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null;
  if project.id is null then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.wants_notification(project.user_id, 'contact_message') then
    raise exception 'The owner of this project takes no messages.' using errcode = 'PT409';
  end if;
  message_hash := encode(sha256(convert_to(
    concat_ws(' ', (now() at time zone 'utc')::date, project.id, reply_to, trim($4)), 'utf8'
  )), 'hex');
  if exists (
    select from public.notifications as sent
    where sent.user_id = project.user_id and sent.type = 'contact_message' and sent.dedupe_key = message_hash
  ) then
    return;
  end if;
  if not (
    private.use_daily('contact from an address', private.caller_address(), 5)
    and private.use_daily('contact as an e-mail address', reply_to, 5)
  ) then
    raise exception 'You have sent as many messages today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  elsif not private.use_daily('contact to a user', project.user_id::text, 20) then
    raise exception 'This user has as many messages today as they take.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  end if;
  perform private.queue_notification(project.user_id, 'contact_message', message_hash, jsonb_build_object(
    'project', project.title, 'name', sender, 'email', reply_to, 'message', trim($4)
  ));
end
$$;
comment on function public.send_contact_message(uuid, text, text, text) is
  'Sends the owner of a project an e-mail that can be answered to `email`. Five a day from an address, twenty a day to a user.';
