-- Names and comments in the field's words: locks, leases, quotas, users. Bodies follow their names.
alter table private.deleted_people rename to deletion_tombstones;
alter table private.metric_shares rename to metric_user_quotas;
alter table private.used_today rename to usage_carryover;
alter table private.deletion_tombstones rename column person_hash to user_id_hash;
alter table private.deletion_tombstones rename constraint deleted_people_person_hash_check to deletion_tombstones_user_id_hash_check;
alter table private.deletion_tombstones rename constraint deleted_people_pkey to deletion_tombstones_pkey;
alter table private.metric_user_quotas rename constraint metric_shares_pkey to metric_user_quotas_pkey;
alter table private.metric_user_quotas rename constraint metric_shares_platform_check to metric_user_quotas_platform_check;
alter table private.metric_user_quotas rename constraint metric_shares_units_check to metric_user_quotas_units_check;
alter table private.metric_user_quotas rename constraint metric_shares_user_id_fkey to metric_user_quotas_user_id_fkey;
alter table private.usage_carryover rename constraint used_today_google_hash_check to usage_carryover_google_hash_check;
alter table private.usage_carryover rename constraint used_today_pkey to usage_carryover_pkey;
alter table private.usage_carryover rename constraint used_today_used_check to usage_carryover_used_check;
alter table private.usage_carryover rename constraint used_today_what_check to usage_carryover_what_check;
-- Postgres 18 has names for NOT NULL too.
do $$
declare
  named record;
begin
  for named in
    select c.conrelid::regclass as relation, c.conname,
      format('%s_%s_not_null', r.relname, a.attname) as wanted
    from pg_catalog.pg_constraint c
    join pg_catalog.pg_class r on r.oid = c.conrelid
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'n' and r.relnamespace = 'private'::regnamespace
      and r.relname in ('deletion_tombstones', 'metric_user_quotas', 'usage_carryover')
  loop
    execute format('alter table %s rename constraint %I to %I', named.relation, named.conname, named.wanted);
  end loop;
end $$;
alter trigger remember_deleted_person on private.users rename to record_deletion_tombstone;
alter trigger a_turn on public.project_images rename to lock_media;
alter trigger a_turn on public.project_videos rename to lock_media;
alter trigger keep_used_today on private.users rename to save_usage_carryover;
alter trigger restore_used_today on private.users rename to restore_usage_carryover;
alter trigger a_turn_to_add on public.layouts rename to lock_media_to_add;
alter trigger a_turn_to_add on public.projects rename to lock_media_to_add;
alter trigger a_turn_to_add on public.project_tags rename to lock_media_to_add;
alter trigger a_turn on public.projects rename to lock_media;
alter trigger a_turn_to_add on public.project_technologies rename to lock_media_to_add;
alter policy "people change their own profile" on private.users rename to "users change their own profile";
alter policy "people add their own projects" on public.projects rename to "users add their own projects";
alter policy "people change their own projects" on public.projects rename to "users change their own projects";
alter policy "people delete their own projects" on public.projects rename to "users delete their own projects";
alter policy "people see the catalogue, published layouts and their own" on public.layouts rename to "users see the catalogue, published layouts and their own";
alter policy "people add their own layouts" on public.layouts rename to "users add their own layouts";
alter policy "people change their own layouts" on public.layouts rename to "users change their own layouts";
alter policy "people delete their own layouts" on public.layouts rename to "users delete their own layouts";
alter policy "people see their own sessions" on public.ai_sessions rename to "users see their own sessions";
alter policy "people delete their own sessions" on public.ai_sessions rename to "users delete their own sessions";
alter policy "people see their own subscriptions" on public.subscriptions rename to "users see their own subscriptions";
alter policy "people see their own notifications" on public.notifications rename to "users see their own notifications";
alter policy "people see their own files" on storage.objects rename to "users see their own files";
alter policy "people remove their own files" on storage.objects rename to "users remove their own files";
alter policy "people see their own choices" on public.notification_preferences rename to "users see their own choices";
alter policy "people make their own choices" on public.notification_preferences rename to "users make their own choices";
alter policy "people change their own choices" on public.notification_preferences rename to "users change their own choices";
alter policy "people take their own choices back" on public.notification_preferences rename to "users take their own choices back";
alter policy "people add files to their own folder" on storage.objects rename to "users add files to their own folder";
alter policy "people replace their own files" on storage.objects rename to "users replace their own files";
alter policy "people see published projects and their own" on public.projects rename to "users see published projects and their own";
alter function private.take_metric_budget(platform text, credentials text[], requests integer, units integer, units_a_month integer) rename to reserve_metric_budget;
alter function public.claim_metric_sources(project_id uuid, platforms jsonb, lease_seconds integer, fresh_seconds integer) rename to lease_project_metric_sources;
alter function private.hold_media(kind text, project_id uuid) rename to lock_media_rows;
alter function private.delete_people_again(hashes text[]) rename to delete_users_again;
alter function private.count_metric_shares(platform text, projects uuid[], units_each integer) rename to count_metric_user_quotas;
alter function private.lock_metric_shares(platform text, projects uuid[]) rename to lock_metric_user_quotas;
alter function private.take_media_turn(person uuid) rename to lock_user_media;
alter function private.take_own_media_turn() rename to lock_own_media;
alter function private.keep_used_today() rename to save_usage_carryover;
alter function private.person_hash(user_id uuid) rename to user_id_hash;
alter function private.remember_deleted_person() rename to record_deletion_tombstone;
alter function private.restore_used_today() rename to restore_usage_carryover;
alter function public.take_media_upload(user_id uuid, upload_id uuid, lease_seconds integer) rename to lease_media_upload;
alter function private.within_metric_shares(platform text, projects uuid[], units_a_person integer) rename to within_metric_user_quotas;
alter function public.take_stale_qr_codes(batch integer, profile_link text, project_link text) rename to lease_stale_qr_codes;
alter function private.walk_search(matching tsquery, sort_column text, after_value text, after_id uuid, depth integer, most integer) rename to scan_search;
set check_function_bodies = off;
CREATE OR REPLACE FUNCTION private.append_medium()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  known boolean;
begin
  perform private.lock_user_media(project.user_id) from public.projects as project
  where project.id = new.project_id and project.user_id = coalesce(auth.uid(), project.user_id);
  execute format('select exists (select from public.%I where id = $1)', tg_table_name) into known using new.id;
  if not known then
    execute format('select coalesce(max(position) + 1, 0) from public.%I where project_id = $1', tg_table_name)
      into new.position using new.project_id;
  end if;
  return new;
end
$function$;
CREATE OR REPLACE FUNCTION private.close_media_gaps()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
begin
  for project in
    select * from public.projects as known where known.id in (select removed.project_id from removed) order by known.id
  loop
    perform private.lock_user_media(project.user_id);
    perform private.place_media(kind, private.lock_media_rows(kind, project.id));
  end loop;
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.count_metric_user_quotas(platform text, projects uuid[], units_each integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  owners uuid[];
begin
  -- Where nobody has a share, nothing is counted.
  if not exists (
    select from public.projects as project
    join private.metric_user_quotas as share
      on share.user_id = project.user_id and share.platform = count_metric_user_quotas.platform
    where project.id = any (projects)
  ) then
    return;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  update private.metric_user_quotas as share set units = greatest(0, share.units + units_each * asked.number)
  from (
    select project.user_id, count(*)::int as number from public.projects as project
    where project.id = any (projects) and project.user_id = any (owners) group by project.user_id
  ) as asked
  where share.platform = count_metric_user_quotas.platform and share.user_id = asked.user_id;
end
$function$;
CREATE OR REPLACE FUNCTION private.create_profile()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  subject constant text := coalesce(new.raw_user_meta_data ->> 'provider_id', new.raw_user_meta_data ->> 'sub');
  address constant text := lower(nullif(trim(new.email), ''));
  -- The local part of the address without what follows a plus, else the user's name.
  name constant text := coalesce(
    private.slug(split_part(split_part(address, '@', 1), '+', 1), 24),
    private.slug(new.raw_user_meta_data ->> 'name', 24),
    'user'
  );
  candidate text := name;
  attempt int := 1;
begin
  if new.raw_app_meta_data ->> 'provider' is distinct from 'google' or coalesce(subject, '') = '' then
    -- PT403: Auth answers an operator who makes an account 403 and these words.
    raise exception 'Sign-in is by Google only.' using errcode = 'PT403';
  end if;
  loop
    perform private.lock_usernames(candidate);
    insert into private.users (id, email, username, avatar_url, google_id)
    select
      new.id,
      case
        when char_length(address) <= 255 and not exists (select from private.users where email = address) then address
        else private.no_address(new.id)
      end,
      candidate,
      private.picture_from(new.raw_user_meta_data),
      left(subject, 255)
    where not exists (select from private.reserved_usernames as reserved where reserved.username = candidate)
      and not private.is_username_held(candidate, new.id)
    on conflict do nothing; -- waits for a concurrent sign-up with the same name, and then looks again
    exit when found;
    if exists (select from private.users where google_id = left(subject, 255)) then
      raise exception 'This Google account has a profile already.' using errcode = 'unique_violation';
    end if;
    attempt := attempt + 1;
    candidate := case
      when attempt < 10 then name || '-' || attempt
      when attempt < 30 then name || '-' || lpad((random() * 999999)::int::text, 6, '0')
      else replace(new.id::text, '-', '')
    end;
  end loop;
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.delete_users_again(hashes text[])
 RETURNS integer
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into private.deletion_tombstones (user_id_hash) select unnest(hashes) on conflict do nothing;
  with asked as (
    insert into private.account_deletions (user_id, stripe_ids, due_at)
    select profile.id, private.stripe_ids(profile.id), now()
    from private.users as profile where private.user_id_hash(profile.id) = any (hashes)
    on conflict (user_id) do nothing
    returning 1
  )
  select count(*)::int from asked
$function$;
CREATE OR REPLACE FUNCTION private.erase_from_auth(user_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  erased private.personal_data;
begin
  for erased in
    select * from private.personal_data as known where not known.cascades and starts_with(known.relation, 'auth.')
  loop
    begin
      execute format('delete from %s as t where %s', erased.relation, erased.owned) using user_id;
    exception
      when insufficient_privilege or undefined_table or undefined_column or lock_not_available or query_canceled then
        raise warning 'A user''s rows stay in %: %', erased.relation, sqlstate;
    end;
  end loop;
end
$function$;
CREATE OR REPLACE FUNCTION private.find_matches(query text, sort text, tags text[], technologies text[], after_value text, after_id uuid, most integer)
 RETURNS TABLE(project_id uuid, sort_value text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  -- As users type them: "quoted", or, -not.
  words constant tsquery := case when query ~ '[^[:space:]]' then websearch_to_tsquery('pg_catalog.english', query) end;
  filter constant tsquery := private.search_filter(tags, technologies);
  matching constant tsquery := case when words is null then filter when filter is null then words else words && filter end;
  -- Without a word that must be there, an index would be read from end to end.
  indexable constant boolean := querytree(matching) not in ('', 'T');
  sort_column constant text := case when sort in ('stars', 'likes') then sort else 'published_at' end;
  hits int;
  found int := 0;
begin
  if numnode(words) = 0 then -- "the", "and": words that are in no index
    return;
  elsif sort = 'relevance' and words is not null then
    return query select * from private.rank_search(query, words, matching, indexable, after_value, after_id, most);
    return;
  end if;
  -- How common they are among the newest says which way is shorter.
  if indexable then
    select count(*) into hits from (
      select known.document from private.project_search as known
      order by known.published_at desc, known.project_id desc limit 100
    ) as newest where newest.document @@ matching;
  end if;
  if hits >= 2 or indexable is not true then
    for project_id, sort_value in
      select * from private.scan_search(matching, sort_column, after_value, after_id, 5000, most)
    loop
      found := found + 1;
      return next;
    end loop;
  end if;
  if found < most and indexable then
    return query select * from private.pick_search(
      matching, sort_column, coalesce(sort_value, after_value), coalesce(project_id, after_id), most - found
    );
  end if;
end
$function$;
CREATE OR REPLACE FUNCTION private.keep_one_cover()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  chosen uuid[];
begin
  if tg_op = 'INSERT' then
    chosen := array(select changed.id from changed where changed.is_cover order by changed.position, changed.id);
  else
    chosen := array(
      select changed.id from changed join before on before.id = changed.id
      where changed.is_cover and not before.is_cover order by changed.position, changed.id
    );
  end if;
  if cardinality(chosen) = 0 then
    return null;
  end if;
  perform private.lock_user_media(project.user_id) from public.projects as project
  where project.id in (select image.project_id from public.project_images as image where image.id = any (chosen))
  order by project.id;
  update public.project_images as image set is_cover = false
  from (
    select distinct on (wanted.project_id) wanted.project_id, wanted.id from public.project_images as wanted
    where wanted.id = any (chosen) order by wanted.project_id, array_position(chosen, wanted.id)
  ) as cover
  where image.project_id = cover.project_id and image.is_cover and image.id <> cover.id;
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.lock_metric_user_quotas(platform text, projects uuid[])
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  owners constant uuid[] := array(
    select profile.id from private.users as profile
    where profile.id in (select project.user_id from public.projects as project where project.id = any (projects))
    for key share skip locked
  );
begin
  insert into private.metric_user_quotas as share (user_id, platform, day)
  select owner, lock_metric_user_quotas.platform, (now() at time zone 'utc')::date
  from unnest(owners) as owner order by owner
  on conflict (user_id, platform) do update set day = excluded.day, units = 0 where share.day < excluded.day;
  return owners;
end
$function$;
CREATE OR REPLACE FUNCTION private.lock_own_media()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  perform private.lock_user_media(auth.uid());
  return null;
end
$function$;
drop function private.lock_user_media(person uuid);
CREATE OR REPLACE FUNCTION private.lock_user_media(user_id uuid)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select pg_advisory_xact_lock(hashtextextended('media of ' || user_id, 0))
$function$;
revoke all on function private.lock_user_media from public, anon, authenticated, service_role;
grant execute on function private.lock_user_media to authenticated;
CREATE OR REPLACE FUNCTION private.make_slug()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  base constant text := coalesce(private.slug(new.title, 60), 'project');
begin
  if tg_op = 'INSERT' and new.user_id = coalesce(auth.uid(), new.user_id) then
    perform private.lock_user_media(new.user_id);
  end if;
  new.slug := base;
  if exists (
    select from private.used_slugs as used
    where used.user_id = new.user_id and used.slug = base and used.project_id <> new.id
  ) then
    new.slug := base || '-' || (
      select coalesce(max(substring(used.slug from '[0-9]+$')::int), 1) + 1
      from private.used_slugs as used
      where used.user_id = new.user_id and used.project_id <> new.id
        and starts_with(used.slug, base) and substring(used.slug from char_length(base) + 1) ~ '^-[0-9]{1,6}$'
    );
  end if;
  return new;
end
$function$;
CREATE OR REPLACE FUNCTION private.move_media()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
  moved uuid[];
  places int[];
  others uuid[];
  placed uuid[];
begin
  for project in
    select * from public.projects as known where known.id in (
      select changed.project_id from changed join before on before.id = changed.id
      where changed.position <> before.position
    ) order by known.id
  loop
    perform private.lock_user_media(project.user_id);
    select
      array_agg(wanted.id order by wanted.position, wanted.id),
      array_agg(wanted.position order by wanted.position, wanted.id)
      into moved, places
    from (
      select changed.id, changed.position from changed join before on before.id = changed.id
      where changed.project_id = project.id and changed.position <> before.position
    ) as wanted;
    select coalesce(array_agg(held.id order by held.place), '{}') into others
    from unnest(private.lock_media_rows(kind, project.id)) with ordinality as held (id, place)
    where held.id <> all (moved);
    placed := '{}';
    while cardinality(moved) + cardinality(others) > 0 loop
      if cardinality(others) = 0 or (cardinality(moved) > 0 and places[1] <= cardinality(placed)) then
        placed := placed || moved[1];
        moved := moved[2:];
        places := places[2:];
      else
        placed := placed || others[1];
        others := others[2:];
      end if;
    end loop;
    perform private.place_media(kind, placed);
  end loop;
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.profile_with_email(email text)
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select profile.id from private.users as profile where profile.email = lower($1)
$function$;
CREATE OR REPLACE FUNCTION private.queue_notification(user_id uuid, type text, dedupe_key text, payload jsonb DEFAULT '{}'::jsonb)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into public.notifications (user_id, type, dedupe_key, payload)
  select profile.id, $2, $3, coalesce($4, '{}') from private.users as profile where profile.id = $1
  on conflict (user_id, type, dedupe_key) do nothing
$function$;
drop function private.queue_subscription_emails(before public.subscriptions, after public.subscriptions, version bigint, event_id text, told jsonb);
CREATE OR REPLACE FUNCTION private.queue_subscription_emails(before public.subscriptions, after public.subscriptions, version bigint, event_id text, mailed jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
revoke all on function private.queue_subscription_emails from public, anon, authenticated, service_role;
grant execute on function private.queue_subscription_emails to service_role;
CREATE OR REPLACE FUNCTION private.record_deletion_tombstone()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  insert into private.deletion_tombstones (user_id_hash) values (private.user_id_hash(old.id)) on conflict do nothing;
  delete from private.deletion_tombstones as gone where gone.deleted_at < now() - interval '90 days';
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.reserve_metric_budget(platform text, credentials text[], requests integer, units integer, units_a_month integer)
 RETURNS TABLE(credential text, granted integer, not_before timestamp with time zone, reason text)
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  chosen private.metric_budgets;
begin
  insert into private.metric_budgets (platform, credential)
  select reserve_metric_budget.platform, asked.name from unnest(credentials) as asked (name) order by asked.name
  on conflict do nothing;
  perform from private.metric_budgets as budget
  where budget.platform = reserve_metric_budget.platform order by budget.credential for update;

  update private.metric_budgets as budget set
    month = this_month,
    units = case when budget.month = this_month then budget.units else 0 end,
    remaining = case when budget.resets_at > now() then budget.remaining end
  where budget.platform = reserve_metric_budget.platform
    and (budget.month <> this_month or (budget.remaining is not null and budget.resets_at <= now()));

  granted := reserve_metric_budget.units;
  if units_a_month is not null then
    select least(granted, units_a_month - sum(budget.units)) into granted
    from private.metric_budgets as budget where budget.platform = reserve_metric_budget.platform;
    if granted <= 0 then
      return query select null::text, 0, (this_month + interval '1 month') at time zone 'utc', 'budget_spent';
      return;
    end if;
  end if;

  select * into chosen from private.metric_budgets as budget
  where budget.platform = reserve_metric_budget.platform and budget.credential = any (credentials)
    and coalesce(budget.not_before <= now(), true) and coalesce(budget.remaining >= requests, true)
  order by budget.remaining desc nulls first limit 1;

  if chosen.credential is null then
    return query
      select null::text, 0, greatest(budget.not_before, case when budget.remaining < requests then budget.resets_at end),
        coalesce(case when budget.not_before > now() then budget.reason end, 'rate_limited')
      from private.metric_budgets as budget
      where budget.platform = reserve_metric_budget.platform and budget.credential = any (credentials)
      order by 3 limit 1;
    return;
  end if;

  -- After the breaker's pause one request about one source goes out as a probe, and everybody else goes on waiting for
  -- what it brings.
  if chosen.failures >= 10 then
    granted := least(granted, 1);
  end if;
  update private.metric_budgets as budget set
    remaining = budget.remaining - case when chosen.failures >= 10 then 1 else requests end,
    units = budget.units + granted,
    not_before = case when budget.failures >= 10 then now() + interval '30 seconds' end,
    reason = case when budget.failures >= 10 then 'unavailable' end
  where budget.platform = chosen.platform and budget.credential = chosen.credential;
  return query select chosen.credential, granted, null::timestamptz, null::text;
end
$function$;
CREATE OR REPLACE FUNCTION private.restore_usage_carryover()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
begin
  delete from private.usage_carryover where day < (now() at time zone 'utc')::date;
  with kept as (
    delete from private.usage_carryover where google_hash = encode(sha256(new.google_id::bytea), 'hex')
    returning what, day, used, attempts
  ),
  designs as (
    insert into private.design_usage (user_id, day, used, attempts)
    select new.id, kept.day, kept.used, kept.attempts from kept where kept.what = 'designs'
  )
  insert into private.metric_user_quotas (user_id, platform, day, units)
  select new.id, kept.what, kept.day, kept.used from kept where kept.what <> 'designs';
  return null;
end
$function$;
CREATE OR REPLACE FUNCTION private.save_usage_carryover()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  today constant date := (now() at time zone 'utc')::date;
begin
  delete from private.usage_carryover where day < today;
  insert into private.usage_carryover as kept (google_hash, what, day, used, attempts)
  select encode(sha256(old.google_id::bytea), 'hex'), counted.*
  from (
    select 'designs', usage.day, usage.used, usage.attempts from private.design_usage as usage
    where usage.user_id = old.id and usage.day = today
    union all
    select share.platform, share.day, share.units, 0 from private.metric_user_quotas as share
    where share.user_id = old.id and share.day = today
  ) as counted
  on conflict (google_hash, what) do update set used = excluded.used, attempts = excluded.attempts;
  return old;
end
$function$;
drop function private.within_metric_user_quotas(platform text, projects uuid[], units_a_person integer);
CREATE OR REPLACE FUNCTION private.within_metric_user_quotas(platform text, projects uuid[], units_per_user integer)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  owners uuid[];
begin
  if units_per_user is null then
    return projects;
  end if;
  owners := private.lock_metric_user_quotas(platform, projects);
  return array(
    select counted.id from (
      select project.id, asked.place,
        share.units + row_number() over (partition by project.user_id order by asked.place) as units
      from unnest(projects) with ordinality as asked (id, place)
      join public.projects as project on project.id = asked.id
      join private.metric_user_quotas as share
        on share.user_id = project.user_id and share.platform = within_metric_user_quotas.platform
      where project.user_id = any (owners)
    ) as counted
    where counted.units <= units_per_user order by counted.place
  );
end
$function$;
revoke all on function private.within_metric_user_quotas from public, anon, authenticated, service_role;
grant execute on function private.within_metric_user_quotas to service_role;
CREATE OR REPLACE FUNCTION public.begin_account_export(user_id uuid, lifetime_seconds integer, again_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  made private.account_exports;
begin
  perform from private.users as profile where profile.id = $1 for no key update;
  if not found then
    return null;
  end if;
  select * into made from private.account_exports as latest
  where latest.user_id = $1 and latest.expires_at > now()
    and (latest.finished_at is null or latest.finished_at > now() - make_interval(secs => again_seconds));
  if made.id is null then
    delete from private.account_exports as earlier where earlier.user_id = $1;
    insert into private.account_exports (user_id, expires_at)
    values ($1, now() + make_interval(secs => lifetime_seconds)) returning * into made;
  end if;
  return to_jsonb(made);
end
$function$;
CREATE OR REPLACE FUNCTION public.confirm_media_upload(user_id uuid, upload_id uuid, url text, limits jsonb, width integer DEFAULT NULL::integer, height integer DEFAULT NULL::integer, renditions jsonb DEFAULT '[]'::jsonb, poster_url text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.lock_user_media($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'expired' then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.confirmed_media(upload), '{"reason": "upload_not_found"}');
  elsif upload.kind = 'avatar' then
    update private.users as profile set avatar_url = $3 where profile.id = $1;
    update private.media_uploads as waiting set status = 'confirmed', media_id = $1 where waiting.id = $2;
    return private.media_row('avatar', $1);
  end if;
  earlier := private.lock_media_rows(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> profile.tier)::int from private.users as profile where profile.id = $1) then
    -- It has been stored where everybody sees it: nothing will show it.
    update private.media_uploads as waiting set status = 'rejected', reason = 'too_many' where waiting.id = $2;
    perform private.queue_media_files(private.media_file_name($3));
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, width, height, renditions)
    values (upload.project_id, $3, $5, $6, $7) returning id into medium;
  else
    insert into public.project_videos (project_id, url, poster_url)
    values (upload.project_id, $3, $8) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$function$;
CREATE OR REPLACE FUNCTION public.create_media_upload(user_id uuid, project_id uuid, kind text, content_type text, size bigint, limits jsonb, lifetime_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  project public.projects;
  places constant int := (select (limits ->> profile.tier)::int from private.users as profile where profile.id = $1);
  upload private.media_uploads;
begin
  select * into project from public.projects as found where found.id = $2 for no key update;
  if $3 = 'avatar' then
    null; -- the quota alone limits it
  elsif project.id is null or (project.user_id <> $1 and project.status <> 'published') then
    return '{"reason": "project_not_found"}';
  elsif project.user_id <> $1 then
    return '{"reason": "not_the_owner"}';
  elsif places <= private.count_media($3, $2) + (
    select count(*) from private.media_uploads as waiting
    where waiting.project_id = $2 and waiting.kind = $3 and waiting.status = 'pending' and waiting.expires_at > now()
  ) then
    return jsonb_build_object('reason', 'too_many', 'limit', places);
  end if;
  perform from private.storage_usage as usage where usage.user_id = $1 for update;
  if not private.within_storage_quota($1, $5, 1) then
    return '{"reason": "storage_quota_exceeded"}';
  end if;
  insert into private.media_uploads (user_id, project_id, kind, content_type, size, expires_at)
  values ($1, $2, $3, $4, $5, now() + make_interval(secs => lifetime_seconds))
  returning * into upload;
  return to_jsonb(upload);
end
$function$;
CREATE OR REPLACE FUNCTION public.delete_account(receipt_id uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  leaving uuid;
  erased private.personal_data;
begin
  select deletion.user_id into leaving from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if leaving is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.lock_user_media(leaving);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    ) and to_regclass(known.relation) is not null
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using leaving;
  end loop;
  delete from auth.users as account where account.id = leaving;
end
$function$;
CREATE OR REPLACE FUNCTION public.finish_design(session_id uuid, cost_micros bigint, outcome jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  run private.design_runs;
  session public.ai_sessions;
  layout uuid;
begin
  select * into run from private.design_runs where session_id = finish_design.session_id for update;
  if not found then
    return jsonb_build_object('layout_id', null, 'settled', false);
  end if;
  perform private.settle_design_run(run, cost_micros, coalesce((outcome ->> 'returned')::boolean, false));

  update public.ai_sessions set
    status = outcome ->> 'status',
    error_code = outcome ->> 'error_code',
    output_json = nullif(outcome -> 'output', 'null'),
    input_tokens = (outcome ->> 'input_tokens')::int,
    output_tokens = (outcome ->> 'output_tokens')::int,
    latency_ms = (outcome ->> 'latency_ms')::int,
    completed_at = now()
  where id = finish_design.session_id
  returning * into session;

  -- The project, the template or the user may have gone meanwhile.
  if found and jsonb_typeof(outcome -> 'layout') = 'object' then
    insert into public.layouts (user_id, project_id, template_id, name, blocks_json)
    values (
      session.user_id,
      (select id from public.projects where id = session.project_id and user_id = session.user_id),
      (select id from public.templates where id = (outcome #>> '{layout,template_id}')::uuid),
      outcome #>> '{layout,name}',
      session.output_json -> 'blocks'
    )
    returning id into layout;
  end if;
  return jsonb_build_object('layout_id', layout, 'settled', true);
end
$function$;
CREATE OR REPLACE FUNCTION public.get_qr_target(user_id uuid, project_id uuid, name text, logo_image_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  select jsonb_build_object(
    'username', profile.username,
    'found', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.user_id = $1
    ),
    'published', $2 is null or exists (
      select from public.projects as project where project.id = $2 and project.status in ('published', 'unlisted')
    ),
    'logo', (
      select private.media_file_name(image.url) from public.project_images as image
      join public.projects as project on project.id = image.project_id
      where image.id = $4 and project.user_id = $1 and starts_with(private.media_file_name(image.url), $1::text || '/')
    ),
    'stored_link', (
      select code.link from private.qr_codes as code
      join storage.objects as object on object.bucket_id = 'qr-codes' and object.name = code.name
      where code.name = $3 and code.user_id = $1
    )
  ) from private.users as profile where profile.id = $1
$function$;
drop function public.lease_metric_sources(platform text, credentials text[], sources integer, batch integer, lease_seconds integer, units_a_month integer, units_a_person integer);
CREATE OR REPLACE FUNCTION public.lease_metric_sources(platform text, credentials text[], sources integer, batch integer, lease_seconds integer, units_a_month integer DEFAULT NULL::integer, units_per_user integer DEFAULT NULL::integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  due uuid[];
  fitting uuid[];
  budget record;
  put_off int;
  lease constant uuid := gen_random_uuid();
  leased jsonb := '[]';
begin
  select array_agg(candidate.project_id) into due from (
    select source.project_id from private.metric_sources as source
    where source.platform = lease_metric_sources.platform and source.state <> 'paused' and source.due_at <= now()
    order by source.due_at limit sources
    for update skip locked
  ) as candidate;
  if due is null then
    return jsonb_build_object('sources', '[]'::jsonb);
  end if;

  fitting := private.within_metric_user_quotas(platform, due, units_per_user);
  if fitting <> '{}' then
    select * into budget from private.reserve_metric_budget(
      platform, credentials, ceil(cardinality(fitting)::numeric / batch)::int, cardinality(fitting), units_a_month
    );
    if budget.credential is null then
      return jsonb_build_object('sources', '[]'::jsonb, 'not_before', budget.not_before, 'reason', budget.reason);
    end if;
  end if;

  update private.metric_sources as source set
    due_at = ((now() at time zone 'utc')::date + 1)::timestamp at time zone 'utc' + random() * interval '1 second'
  where source.platform = lease_metric_sources.platform
    and source.project_id = any (due) and source.project_id <> all (fitting);
  get diagnostics put_off = row_count;
  if fitting = '{}' then
    return jsonb_build_object('sources', leased, 'put_off', put_off);
  end if;

  fitting := fitting[:budget.granted];
  if units_per_user is not null then
    perform private.count_metric_user_quotas(platform, fitting, 1);
  end if;
  with taken as (
    update private.metric_sources as source set
      lease_id = lease,
      leased_until = now() + make_interval(secs => lease_seconds),
      due_at = now() + make_interval(secs => lease_seconds)
    where source.platform = lease_metric_sources.platform and source.project_id = any (fitting)
    returning source.project_id, source.reference, source.platform_id
  )
  select jsonb_agg(jsonb_build_object(
    'project_id', taken.project_id, 'reference', taken.reference, 'platform_id', taken.platform_id
  )) into leased from taken;
  return jsonb_build_object(
    'lease_id', lease, 'credential', budget.credential, 'sources', leased, 'put_off', put_off
  );
end
$function$;
revoke all on function public.lease_metric_sources from public, anon, authenticated, service_role;
grant execute on function public.lease_metric_sources to service_role;
CREATE OR REPLACE FUNCTION public.lease_notifications(batch integer, settle_seconds integer, give_up_seconds integer, notification_id uuid DEFAULT NULL::uuid)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  with due as materialized (
    select notification.id, notification.user_id, notification.type, notification.status, notification.attempts,
      notification.created_at, private.email_of(notification.user_id) as email
    from public.notifications as notification
    where notification.status in ('queued', 'sending') and notification.next_attempt_at <= now()
      and ($4 is null or notification.id = $4)
    order by notification.next_attempt_at
    limit batch
    for update skip locked
  ),
  judged as materialized (
    select due.id, due.email, verdict.status, verdict.error
    from due cross join lateral (
      select
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds) then 'failed'
          when due.email is null or due.email ~ '[.@]invalid$' then 'suppressed'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'suppressed'
          else 'sending'
        end as status,
        case
          when due.attempts > 0 and due.created_at <= now() - make_interval(secs => give_up_seconds)
            then case when due.status = 'sending' then 'gave_up: never_settled' else 'gave_up' end
          when due.email is null or due.email ~ '[.@]invalid$' then 'no_address'
          when exists (
            select from private.notification_suppressions as suppression
            where suppression.email = due.email and suppression.user_id = due.user_id
          ) then 'address_suppressed'
          when not private.wants_notification(due.user_id, due.type) then 'declined'
        end as error
    ) as verdict
  ),
  taken as (
    update public.notifications as notification set
      status = judged.status,
      error = coalesce(judged.error, notification.error),
      attempts = notification.attempts + case when judged.status = 'sending' then 1 else 0 end,
      next_attempt_at = now() + make_interval(secs => settle_seconds)
    from judged where judged.id = notification.id
    returning notification.*, judged.email
  )
  select jsonb_build_object(
    'closed', count(*) filter (where taken.status <> 'sending'),
    'notifications', coalesce(
      jsonb_agg(jsonb_build_object(
        'id', taken.id, 'user_id', taken.user_id, 'type', taken.type, 'attempt', taken.attempts, 'email', taken.email,
        'username', (select profile.username from private.users as profile where profile.id = taken.user_id),
        'payload', taken.payload
      ) order by taken.created_at) filter (where taken.status = 'sending'),
      '[]'
    )
  ) from taken
$function$;
CREATE OR REPLACE FUNCTION public.lease_project_metric_sources(project_id uuid, platforms jsonb, lease_seconds integer, fresh_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  lease constant uuid := gen_random_uuid();
  ends constant timestamptz := now() + make_interval(secs => lease_seconds);
  asked record;
  source private.metric_sources;
  latest public.social_metrics;
  budget record;
  claims jsonb := '[]';
begin
  for asked in select * from jsonb_each(platforms) order by key loop
    select * into source from private.metric_sources as s
    where s.project_id = lease_project_metric_sources.project_id and s.platform = asked.key for update;
    select * into latest from public.social_metrics as m
    where m.project_id = lease_project_metric_sources.project_id and m.platform = asked.key
    order by m.recorded_at desc limit 1;
    if latest.as_of < source.since then
      latest := null;
    end if;
    budget := null;

    if latest.as_of > now() - make_interval(secs => fresh_seconds)
      or (asked.key = 'twitter' and latest.recorded_at = (now() at time zone 'utc')::date) then
      claims := claims || jsonb_build_object('platform', asked.key, 'snapshot', to_jsonb(latest) - 'id' - 'project_id');
      continue;
    elsif source.project_id is null or source.leased_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'refresh_in_progress');
      continue;
    elsif source.blocked_until > now() then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', source.last_error);
      continue;
    elsif private.within_metric_user_quotas(
      asked.key, array[source.project_id], (asked.value ->> 'units_per_user')::int
    ) = '{}' then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', 'share_spent');
      continue;
    end if;

    select * into budget from private.reserve_metric_budget(
      asked.key, array(select jsonb_array_elements_text(asked.value -> 'credentials')), 1, 1,
      (asked.value ->> 'units_a_month')::int
    );
    if budget.credential is null then
      claims := claims || jsonb_build_object('platform', asked.key, 'reason', budget.reason);
    else
      perform private.count_metric_user_quotas(asked.key, array[source.project_id], 1);
      update private.metric_sources as s set lease_id = lease, leased_until = ends, due_at = ends
      where s.project_id = source.project_id and s.platform = source.platform;
      claims := claims || jsonb_build_object(
        'platform', asked.key, 'lease_id', lease, 'credential', budget.credential,
        'reference', source.reference, 'platform_id', source.platform_id
      );
    end if;
  end loop;
  return claims;
end
$function$;
CREATE OR REPLACE FUNCTION public.lease_stale_qr_codes(batch integer, profile_link text DEFAULT NULL::text, project_link text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status not in ('published', 'unlisted');
  with line as (
    select code.name, profile.username, row_number() over (partition by code.user_id order by code.updated_at) as place
    from private.qr_codes as code
    join private.users as profile on profile.id = code.user_id
    where profile.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', profile.username),
      '{project_id}', coalesce(code.project_id::text, '')
    )
  ),
  stale as (
    select code.name, line.username from private.qr_codes as code join line on line.name = code.name
    order by line.place, code.updated_at limit batch for update of code skip locked
  ),
  taken as (
    update private.qr_codes as code set updated_at = now() from stale where stale.name = code.name
    returning code.name, code.user_id, code.project_id, code.style, stale.username
  )
  select coalesce(jsonb_agg(to_jsonb(taken) || jsonb_build_object('logo', (
    select private.media_file_name(image.url) from public.project_images as image
    join public.projects as project on project.id = image.project_id
    where image.id = (taken.style ->> 'logo_image_id')::uuid and project.user_id = taken.user_id
      and starts_with(private.media_file_name(image.url), taken.user_id::text || '/')
  ))), '[]') from taken
$function$;
CREATE OR REPLACE FUNCTION public.queue_orphaned_files(older_than_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  expired bigint;
  orphans bigint;
  missing jsonb;
begin
  delete from private.media_uploads as upload
  where upload.expires_at < now() - make_interval(secs => older_than_seconds);
  get diagnostics expired = row_count;

  with shown as materialized (
    select private.media_file_stem(private.media_file_name(image.url)) as stem from public.project_images as image
    union select private.media_file_stem(private.media_file_name(video.url)) from public.project_videos as video
  ),
  queued as (
    insert into private.file_removals (bucket_id, name)
    select object.bucket_id, object.name from storage.objects as object
    where object.created_at < now() - make_interval(secs => older_than_seconds)
      and object.bucket_id in ('project-media', 'avatars', 'qr-codes', 'ai-assets', 'uploads', 'account-exports')
      and (
        not exists (select from private.users as profile where profile.id::text = split_part(object.name, '/', 1))
        or (
          object.bucket_id in ('uploads', 'avatars', 'qr-codes', 'account-exports')
          and not private.is_file_wanted(object.bucket_id, object.name)
        )
        or (
          object.bucket_id = 'project-media'
          and private.media_file_stem(object.name) is not null
          and not exists (select from shown where shown.stem = private.media_file_stem(object.name))
        )
      )
    on conflict do nothing
    returning name
  )
  select count(*) into orphans from queued;

  select coalesce(jsonb_agg(medium.id), '[]') into missing from (
    select image.id, private.media_file_name(image.url) as name from public.project_images as image
    union all
    select video.id, private.media_file_name(video.url) from public.project_videos as video
  ) as medium
  where medium.name is not null and not exists (
    select from storage.objects as object where object.bucket_id = 'project-media' and object.name = medium.name
  );
  return jsonb_build_object('expired', expired, 'orphans', orphans, 'missing', missing);
end
$function$;
CREATE OR REPLACE FUNCTION public.record_metrics(platform text, lease_id uuid, credential text, results jsonb, usage jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  summary jsonb;
  returned uuid[];
begin
  if exists (
    select from jsonb_array_elements(results) as result
    where coalesce(result ->> 'failure', result ->> 'likes', result ->> 'stars') is null
  ) then
    raise exception using errcode = 'invalid_parameter_value', message = 'an answer without numbers is no answer';
  end if;

  -- Everybody locks projects before sources before shares before budgets, so that none can block each other for good. By
  -- an array: the planner cannot tell how long a JSON list is, and would rather read all projects.
  perform from public.projects as project
  where project.id = any (array(select (result ->> 'project_id')::uuid from jsonb_array_elements(results) as result))
  order by project.id for key share;

  with answer as materialized (
    select source.platform, source.state, source.attempts, source.last_error, result.*
    from jsonb_to_recordset(results) as result (
      project_id uuid, platform_id text, failure text,
      likes int, comments int, stars int, forks int, watchers int, retweets int, replies int
    )
    join private.metric_sources as source
      on source.project_id = result.project_id and source.platform = record_metrics.platform
      and source.lease_id = record_metrics.lease_id
    order by source.project_id
    for update of source
  ),
  snapshot as (
    insert into public.social_metrics as today
      (project_id, platform, likes, comments, stars, forks, watchers, retweets, replies, as_of)
    select
      answer.project_id, answer.platform, coalesce(answer.likes, 0), coalesce(answer.comments, 0),
      coalesce(answer.stars, 0), coalesce(answer.forks, 0), coalesce(answer.watchers, 0),
      coalesce(answer.retweets, 0), coalesce(answer.replies, 0), now()
    from answer where answer.failure is null
    on conflict (project_id, platform, recorded_at) do update set
      likes = excluded.likes, comments = excluded.comments, stars = excluded.stars, forks = excluded.forks,
      watchers = excluded.watchers, retweets = excluded.retweets, replies = excluded.replies, as_of = excluded.as_of
    where excluded.as_of >= today.as_of
  ),
  answered as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      platform_id = coalesce(answer.platform_id, source.platform_id),
      state = case when source.state = 'paused' then 'paused' else 'active' end,
      attempts = 0,
      last_error = null,
      due_at = private.next_metric_due(source.project_id, source.platform),
      blocked_until = null
    from answer
    where answer.failure is null and source.project_id = answer.project_id and source.platform = answer.platform
  ),
  failed as (
    update private.metric_sources as source set
      lease_id = null,
      leased_until = null,
      -- A lost id is looked for by name the next time.
      platform_id = case when answer.failure <> 'gone' then source.platform_id end,
      state = case when source.state = 'paused' then 'paused' else next.state end,
      attempts = next.attempts,
      last_error = next.error,
      due_at = next.due_at,
      blocked_until = case when answer.failure <> 'returned' then next.due_at end
    from answer cross join lateral private.next_metric_state(
      answer.failure, answer.state, answer.attempts, answer.last_error
    ) as next
    where answer.failure is not null and source.project_id = answer.project_id and source.platform = answer.platform
  )
  select jsonb_build_object(
    'as_of', now(),
    'recorded', count(*) filter (where answer.failure is null),
    'gone', count(*) filter (where answer.failure = 'gone'),
    'forbidden', count(*) filter (where answer.failure = 'forbidden'),
    'failed', count(*) filter (where answer.failure = 'unavailable'),
    'returned', count(*) filter (where answer.failure = 'returned')
  ), array_agg(answer.project_id) filter (where answer.failure = 'returned')
  into summary, returned from answer;

  if returned is not null then
    perform private.count_metric_user_quotas(platform, returned, -1);
  end if;

  perform private.settle_metric_budget(platform, credential, usage);
  return summary;
end
$function$;
CREATE OR REPLACE FUNCTION public.record_notification_events(events jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  known uuid[];
  stored int;
begin
  select array_agg(notification.id) into known from (
    select locked.id from public.notifications as locked
    where locked.id in (select (event ->> 'notification_id')::uuid from jsonb_array_elements(events) as event)
    order by locked.id for update
  ) as notification;

  with recorded as (
    insert into private.notification_events (notification_id, message_id, event, occurred_at, verdict, reason)
    select event.notification_id, event.message_id, event.event, event.occurred_at, event.verdict, event.reason
    from jsonb_to_recordset(events) as event (
      notification_id uuid, message_id text, event text, occurred_at timestamptz, verdict text, reason text
    )
    where event.notification_id = any (known)
    on conflict do nothing
    returning 1
  )
  select count(*) into stored from recorded;

  update public.notifications as notification set
    status = gravest.verdict,
    error = case when gravest.verdict in ('bounced', 'failed', 'suppressed') then gravest.reason end,
    sent_at = least(notification.sent_at, gravest.first_at),
    provider_message_id = coalesce(notification.provider_message_id, nullif(gravest.message_id, ''))
  from (
    select distinct on (event.notification_id) event.*,
      min(event.occurred_at) over (partition by event.notification_id) as first_at
    from private.notification_events as event
    where event.notification_id = any (known) and event.verdict is not null
    order by event.notification_id,
      array_position(array['bounced', 'delivered', 'suppressed', 'failed', 'sent'], event.verdict),
      event.occurred_at, event.message_id
  ) as gravest
  where notification.id = gravest.notification_id;

  insert into private.notification_suppressions (email, user_id, reason)
  select lower(event.email), profile.user_id, event.suppress
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, suppress text)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as profile
  where event.suppress is not null and event.email <> '' and profile.user_id is not null
  on conflict do nothing;

  -- Who leaves through the mail service's own link leaves everything that may be declined. What they chose after that
  -- stands, also when the event is sent again. Its time has no fractions of a second.
  perform public.set_notification_preference(profile.user_id, declined.type, false)
  from jsonb_to_recordset(events) as event (notification_id uuid, email text, unsubscribe boolean, occurred_at timestamptz)
  cross join lateral (
    select coalesce(
      (select notification.user_id from public.notifications as notification where notification.id = event.notification_id),
      private.profile_with_email(event.email)
    ) as user_id
  ) as profile
  cross join unnest(array['renewal_upcoming', 'weekly_metrics', 'contact_message']) as declined (type)
  where event.unsubscribe and profile.user_id is not null and not exists (
    select from public.notification_preferences as chosen
    where chosen.user_id = profile.user_id and chosen.type = declined.type
      and date_trunc('second', chosen.updated_at) > event.occurred_at
  );

  return jsonb_build_object(
    'recorded', stored, 'known', coalesce(cardinality(known), 0)
  );
end
$function$;
CREATE OR REPLACE FUNCTION public.reorder_project_media(project_id uuid, kind text, ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform private.lock_user_media(auth.uid());
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.lock_media_rows(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$function$;
CREATE OR REPLACE FUNCTION public.reorder_projects(ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
declare
  own uuid[];
begin
  perform private.lock_user_media((select auth.uid()));
  own := array(
    select project.id from public.projects as project
    where project.user_id = (select auth.uid())
    order by array_position(ids, project.id) nulls last, project.position, project.created_at desc, project.id
  );
  if ids is null or not ids <@ own then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  elsif cardinality(ids) <> (select count(distinct wanted.id) from unnest(ids) as wanted (id)) then
    raise exception 'Name each project once.' using errcode = 'invalid_parameter_value';
  end if;
  update public.projects as project set position = wanted.place - 1
  from unnest(own) with ordinality as wanted (id, place)
  where project.id = wanted.id and project.position <> wanted.place - 1;
end
$function$;
CREATE OR REPLACE FUNCTION public.request_account_deletion(user_id uuid, username text, recent_seconds integer, grace_seconds integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
#variable_conflict use_column
declare
  deletion private.account_deletions;
begin
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  if found then
    return private.deletion_receipt(deletion);
  elsif not exists (select from private.users as profile where profile.id = $1) then
    return '{"reason": "account_gone"}';
  elsif not exists (select from private.users as profile where profile.id = $1 and profile.username = $2) then
    return '{"reason": "wrong_username"}';
  elsif not exists (
    select from auth.users as account
    where account.id = $1 and account.last_sign_in_at > now() - make_interval(secs => recent_seconds)
  ) then
    return '{"reason": "sign_in_again"}';
  end if;
  insert into private.account_deletions (user_id, stripe_ids, due_at)
  values ($1, private.stripe_ids($1), now() + make_interval(secs => grace_seconds))
  on conflict (user_id) do nothing;
  select * into deletion from private.account_deletions as asked where asked.user_id = $1;
  return private.deletion_receipt(deletion);
end
$function$;
CREATE OR REPLACE FUNCTION public.set_notification_preference(user_id uuid, type text, enabled boolean)
 RETURNS void
 LANGUAGE sql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
  insert into public.notification_preferences (user_id, type, enabled)
  select profile.id, $2, $3 from private.users as profile where profile.id = $1
  on conflict (user_id, type) do update set enabled = excluded.enabled
$function$;
COMMENT ON SCHEMA private IS 'Not served by the API: users'' addresses, what only handlers use, and trigger functions.';
COMMENT ON TABLE public.projects IS 'A project of a user: everybody sees it once it is published.
@graphql({"name": "Project", "foreign_keys": [{"local_columns": ["user_id"], "local_name": "projects", "foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"}]})';
COMMENT ON COLUMN private.account_deletions.stripe_ids IS 'What the user is called at Stripe, to erase traces by.';
COMMENT ON FUNCTION private.lock_own_media() IS 'Trigger: locks the caller''s media, before the first row is locked.';
COMMENT ON FUNCTION private.lock_user_media(user_id uuid) IS 'Locks the media of a user until the transaction ends; waits while another transaction has the lock.';
COMMENT ON COLUMN public.plans.offered IS 'Whether it can be bought; users keep what they bought before.';
COMMENT ON FUNCTION private.picture_from(metadata jsonb) IS 'The http(s) address of the picture in Google''s claims, or null.';
COMMENT ON FUNCTION private.queue_subscription_emails(before public.subscriptions, after public.subscriptions, version bigint, event_id text, mailed jsonb) IS 'Queues e-mails about a subscription that began, is to end, goes on after all, or ended.';
COMMENT ON FUNCTION private.queue_user_folder_removal() IS 'Trigger: a user''s files go with the user.';
COMMENT ON FUNCTION private.record_deletion_tombstone() IS 'Trigger: however a user was deleted.';
COMMENT ON FUNCTION private.refuse_stored_file() IS 'Trigger: users add no rows for stored files themselves.';
COMMENT ON FUNCTION private.save_usage_carryover() IS 'Trigger: what was used today is kept when a user is deleted.';
COMMENT ON FUNCTION private.stripe_ids(user_id uuid) IS 'The ids by which Stripe''s events name a user.';
COMMENT ON FUNCTION private.user_id_hash(user_id uuid) IS 'What is remembered of a deleted user.';
COMMENT ON FUNCTION private.wants_notification(user_id uuid, type text) IS 'Whether a user is to get e-mails of this type.';
COMMENT ON FUNCTION private.within_metric_user_quotas(platform text, projects uuid[], units_per_user integer) IS 'Those of these projects that may still be asked about today, in their order; all where there is no limit.';
COMMENT ON FUNCTION public.begin_account_export(user_id uuid, lifetime_seconds integer, again_seconds integer) IS 'The archive that is being made for a user, or a new one; null where there is no such user.';
COMMENT ON FUNCTION public.delete_account(receipt_id uuid) IS 'Deletes the user behind a deletion that has come this far.';
COMMENT ON FUNCTION public.export_account_rows(user_id uuid, source text, after text, batch integer) IS 'A page of a user''s rows of one source: {"rows", "next"}; `next` is null on the last page.';
COMMENT ON FUNCTION public.finish_account_export(export_id uuid, lifetime_seconds integer, payload jsonb) IS 'An archive is complete, and its links are good from now on: its user gets an e-mail.';
COMMENT ON FUNCTION public.get_account_deletion(receipt_id uuid) IS 'How far a deletion is, for a caller with its receipt.';
COMMENT ON FUNCTION public.get_account_export(user_id uuid) IS 'A user''s archive and how far it is; null where there is none.';
COMMENT ON FUNCTION public.get_qr_target(user_id uuid, project_id uuid, name text, logo_image_id uuid) IS 'What a QR code of this user''s would lead to and what is stored; null where there is no such user.';
COMMENT ON FUNCTION public.lease_media_upload(user_id uuid, upload_id uuid, lease_seconds integer) IS 'An upload of this user''s, to check where it is pending; its status is busy while somebody does.';
COMMENT ON FUNCTION public.lease_metric_sources(platform text, credentials text[], sources integer, batch integer, lease_seconds integer, units_a_month integer, units_per_user integer) IS 'Due sources, the lease on them and the credential to ask with; no sources and the reason where none may be asked.';
COMMENT ON FUNCTION public.list_account_files(user_id uuid, after text, batch integer) IS 'A page of a user''s files, in every bucket.';
COMMENT ON FUNCTION public.request_account_deletion(user_id uuid, username text, recent_seconds integer, grace_seconds integer) IS 'Remembers that a user leaves; {"reason"} where they are gone, did not type their name or did not sign in just now.';
COMMENT ON FUNCTION public.set_notification_preference(user_id uuid, type text, enabled boolean) IS 'Turns e-mails of a type on or off for a user.';
COMMENT ON TABLE private.account_exports IS 'Archives of users'' data, made part by part; the files are account-exports/<user_id>/<id>/...';
COMMENT ON TABLE private.deletion_tombstones IS 'Hashes of the ids of users who were deleted in the last 90 days, for as long as there are backups with them.';
COMMENT ON TABLE private.design_usage IS 'Designs of a user on a UTC day. Those that failed are given back.';
COMMENT ON COLUMN private.metric_sources.lease_id IS 'The lease that is valid until leased_until; a worker that lost it cannot record.';
COMMENT ON TABLE private.metric_user_quotas IS 'What was asked about each user''s links of a platform that bills each post, however often they changed them.';
COMMENT ON TABLE private.personal_data IS 'Which rows are a user''s: what exportAccount gives and deleteAccount erases.';
COMMENT ON COLUMN private.personal_data.owned IS 'The condition, in SQL, on a row `t`; $1 is the user''s id.';
COMMENT ON COLUMN private.personal_data.row_key IS 'An expression, in SQL, of text that is unique among a user''s rows.';
COMMENT ON COLUMN private.qr_codes.project_id IS 'The project it leads to; null: the user''s profile.';
COMMENT ON TABLE private.usage_carryover IS 'What users who left today had used of what there is for a day: under a hash of their Google id.';
COMMENT ON TABLE private.users IS 'One profile for each user; made at the first sign-in.';
COMMENT ON COLUMN private.users.tier IS 'What the user pays for; only handlers change it.';
COMMENT ON COLUMN public.ai_sessions.error_code IS 'Why it failed: the code of the problem that the caller got.';
COMMENT ON TABLE public.layouts IS 'Arrangements of blocks on a page: of a user, or of the catalogue.
@graphql({"name": "Layout", "foreign_keys": [{"local_columns": ["user_id"], "local_name": "layouts", "foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"}]})';
COMMENT ON TABLE public.notification_preferences IS 'Which of the e-mails that may be declined a user wants; without a row, weekly_metrics is off and the rest is on.
@graphql({"name": "NotificationPreferences", "foreign_keys": [{"local_columns": ["user_id"], "local_name": "notificationPreferences", "foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"}]})';
COMMENT ON TABLE public.notifications IS 'E-mails to users (welcome, renewal, ...): outbox and log; written by handlers.
@graphql({"name": "Notification", "totalCount": {"enabled": true}, "foreign_keys": [{"local_columns": ["user_id"], "local_name": "notifications", "foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"}]})';
COMMENT ON COLUMN public.notifications.status IS 'queued, sending (given to the mail service, no answer yet), sent (taken), delivered, bounced, failed, or suppressed (not sent, because the address or the user does not want it).';
COMMENT ON COLUMN public.notifications.dedupe_key IS 'What happened, so that it is mailed once: unique for a user and type.';
COMMENT ON TABLE public.templates IS 'Designs that users start from: lists of drag-and-drop blocks.
@graphql({"name": "Template", "totalCount": {"enabled": true}})';
update private.personal_data set source = 'metric_user_quotas', relation = 'private.metric_user_quotas'
where source = 'metric_shares';
reset check_function_bodies;
