-- A message that no mail service would deliver is refused while its writer can correct it; a tag that is too long for the
-- index is refused in words.

create or replace function public.send_contact_message(project_id uuid, name text, email text, message text) returns void
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

create or replace function public.search_projects(
  query text default null, sort text default null, tags text[] default '{}', technologies text[] default '{}',
  "limit" int default 20, cursor text default null
) returns json
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant text := coalesce(sort, case when query ~ '[^[:space:]]' then 'relevance' else 'newest' end);
  after constant text[] := regexp_match(cursor, '^([^ ]+( [^ ]+)?) ([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$');
  ids uuid[];
  sort_values text[];
begin
  if wanted not in ('relevance', 'newest', 'stars', 'likes') then
    raise exception 'sort is relevance, newest, stars or likes.' using errcode = 'invalid_parameter_value';
  elsif char_length(query) > 200 then
    raise exception 'query may have 200 characters at most.' using errcode = 'invalid_parameter_value';
  elsif cardinality(tags) > 10 or cardinality(technologies) > 10 then
    raise exception 'At most 10 tags and 10 technologies.' using errcode = 'invalid_parameter_value';
  elsif exists (select from unnest(tags || technologies) as given (name) where char_length(given.name) > 200) then
    raise exception 'A tag or technology has 200 characters at most.' using errcode = 'invalid_parameter_value';
  elsif "limit" is null or "limit" not between 1 and 100 then
    raise exception 'limit is from 1 to 100.' using errcode = 'invalid_parameter_value';
  elsif cursor is not null and (after is null or char_length(cursor) > 100) then
    raise exception 'cursor is the next_cursor of another answer.' using errcode = 'invalid_parameter_value';
  end if;
  select array_agg(found.project_id), array_agg(found.sort_value) into ids, sort_values
  from private.find_matches(query, wanted, tags, technologies, after[1], after[3]::uuid, "limit" + 1) as found;
  return json_build_object(
    'projects', (
      select coalesce(json_agg(shown), '[]') from (
        select project.id, project.user_id, project.slug, project.title, project.short_summary, entry.published_at,
          entry.stars, entry.likes, entry.tags, entry.technologies, owner.username, owner.name, owner.avatar_url
        from unnest(ids[1:"limit"]) with ordinality as match (id, place)
        join private.project_search as entry on entry.project_id = match.id
        join public.projects as project on project.id = match.id
        join private.users as owner on owner.id = project.user_id
        order by match.place
      ) as shown
    ),
    'next_cursor', case when cardinality(ids) > "limit" then sort_values["limit"] || ' ' || ids["limit"] end
  );
end
$$;
