-- Nobody waits for each other over images, stored files are counted, codes follow the site, and Auth's own tables are
-- emptied of who left.

-- Whoever changes or deletes images or videos waits for their person's turn before anything else: then they wait for
-- nothing that somebody else has who waits for them, however many rows each of them touches. Nobody's turn is nothing.
create function private.take_media_turn(person uuid) returns void
language sql set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('media of ' || person, 0))
$$;
comment on function private.take_media_turn(uuid) is
  'Waits until nobody else changes the media of a person, and keeps others waiting until the transaction ends.';

create function private.take_own_media_turn() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.take_media_turn(auth.uid());
  return null;
end
$$;
comment on function private.take_own_media_turn() is 'Trigger: the caller''s turn, before the first row is held.';

-- Not below another trigger, or a foreign key: there the rows above are held already.
create trigger a_turn before update or delete on public.project_images
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn before update or delete on public.project_videos
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();
create trigger a_turn before delete on public.projects
  for each statement when (pg_trigger_depth() = 0) execute function private.take_own_media_turn();

revoke all on function private.take_media_turn(uuid) from public, anon, authenticated, service_role;
revoke all on function private.take_own_media_turn() from public, anon, authenticated, service_role;
grant execute on function private.take_media_turn(uuid) to authenticated;

create or replace function private.close_media_gaps() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  kind constant text := case tg_table_name when 'project_images' then 'image' else 'video' end;
  project public.projects;
begin
  for project in
    select * from public.projects as known where known.id in (select removed.project_id from removed) order by known.id
  loop
    perform private.take_media_turn(project.user_id);
    perform private.place_media(kind, private.hold_media(kind, project.id));
  end loop;
  return null;
end
$$;

create or replace function public.reorder_project_media(project_id uuid, kind text, ids uuid[]) returns void
language plpgsql set search_path = '' as $$
#variable_conflict use_column
begin
  if kind is null or kind not in ('image', 'video') then
    raise exception 'kind is image or video.' using errcode = 'invalid_parameter_value';
  end if;
  perform private.take_media_turn(auth.uid());
  perform from public.projects as project
  where project.id = $1 and project.user_id = (select auth.uid()) for no key update;
  if not found then
    raise exception 'There is no such project of yours.' using errcode = 'insufficient_privilege';
  end if;
  if (select array_agg(present order by present) from unnest(private.hold_media(kind, $1)) as present)
    is distinct from (select array_agg(given order by given) from unnest(ids) as given) then
    raise exception 'Name every % of the project exactly once.', kind using errcode = 'invalid_parameter_value',
      hint = 'The list has changed since you read it: read it again.';
  end if;
  perform private.place_media(kind, ids);
end
$$;

-- The person's turn, the project, then the upload, as everywhere: callers wait in one order.
-- Confirming twice is confirming once.
create or replace function public.confirm_media_upload(
  user_id uuid, upload_id uuid, url text, limits jsonb
) returns jsonb
language plpgsql security definer set search_path = '' as $$
#variable_conflict use_column
declare
  upload private.media_uploads;
  medium uuid;
  earlier uuid[];
begin
  perform private.take_media_turn($1);
  perform from public.projects as project
  where project.id = (select waiting.project_id from private.media_uploads as waiting where waiting.id = $2)
  for no key update;
  select * into upload from private.media_uploads as waiting where waiting.id = $2 and waiting.user_id = $1 for update;
  if upload.id is null then
    return '{"reason": "upload_not_found"}';
  elsif upload.status = 'rejected' then
    return jsonb_build_object('reason', upload.reason);
  elsif upload.status = 'confirmed' then
    return coalesce(private.media_row(upload.kind, upload.media_id), '{"reason": "upload_not_found"}');
  end if;
  earlier := private.hold_media(upload.kind, upload.project_id);
  if cardinality(earlier)
    >= (select (limits ->> person.tier)::int from private.users as person where person.id = $1) then
    return '{"reason": "too_many"}';
  end if;
  perform private.place_media(upload.kind, earlier);
  if upload.kind = 'image' then
    insert into public.project_images (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  else
    insert into public.project_videos (project_id, url, position)
    values (upload.project_id, $3, cardinality(earlier)) returning id into medium;
  end if;
  update private.media_uploads as waiting set status = 'confirmed', media_id = medium where waiting.id = $2;
  return private.media_row(upload.kind, medium);
end
$$;

-- People link to what they like elsewhere; a stored file's row comes from confirmUpload, which counts it. Otherwise who
-- deletes a row and puts it back, before its file has gone, has more files than places.
create function private.refuse_stored_file() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- The caller's role: current_user is the owner of this function.
  if current_setting('role') in ('anon', 'authenticated') and private.media_file_name(new.url) is not null then
    raise exception 'Stored files are added by confirmUpload.' using errcode = 'insufficient_privilege';
  end if;
  return new;
end
$$;
comment on function private.refuse_stored_file() is 'Trigger: people add no rows for stored files themselves.';

create trigger refuse_stored_file before insert on public.project_images
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_images
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();
create trigger refuse_stored_file before insert on public.project_videos
  for each row execute function private.refuse_stored_file();
create trigger refuse_stored_replacement before update on public.project_videos
  for each row when (old.url is distinct from new.url) execute function private.refuse_stored_file();

revoke all on function private.refuse_stored_file() from public, anon, authenticated, service_role;

-- By default as before: functions of the last release call it too.
drop function public.take_stale_qr_codes(int);
create function public.take_stale_qr_codes(
  batch int, profile_link text default null, project_link text default null
) returns jsonb
language sql security definer set search_path = '' as $$
  delete from private.qr_codes as code using public.projects as project
  where project.id = code.project_id and project.status <> 'published';
  with stale as (
    select code.name, person.username from private.qr_codes as code
    join private.users as person on person.id = code.user_id
    where person.username <> code.username or code.link <> replace(
      replace(case when code.project_id is null then $2 else $3 end, '{username}', person.username),
      '{project_id}', coalesce(code.project_id::text, '')
    )
    order by code.updated_at limit batch for update of code skip locked
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
$$;
comment on function public.take_stale_qr_codes(int, text, text) is
  'The codes whose link is not what the templates make of it now; those that lead nowhere are dropped.';
revoke all on function public.take_stale_qr_codes(int, text, text) from public, anon, authenticated, service_role;
grant execute on function public.take_stale_qr_codes(int, text, text) to service_role;

insert into private.personal_data (source, relation, owned, row_key, secrets, cascades) values
  (
    'sign_in_renewals', 'auth.refresh_tokens',
    't.session_id in (select id from auth.sessions where user_id = $1)', 't.id::text', '{token,parent}', true
  ),
  -- Without a foreign key. The log names people in what it says; some entries are about one who did not act.
  (
    'sign_in_flows', 'auth.flow_state', 't.user_id = $1', 't.id::text',
    '{auth_code,code_challenge,provider_access_token,provider_refresh_token,invite_token}', false
  ),
  (
    'sign_in_log', 'auth.audit_log_entries', 'strpos(t.payload::text, $1::text) > 0', 't.id::text', '{}', false
  );

create or replace function public.delete_account(receipt_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
declare
  person uuid;
  erased private.personal_data;
begin
  select deletion.user_id into person from private.account_deletions as deletion
  where deletion.id = receipt_id and deletion.status = 'running' and deletion.step = 'account' for update;
  if person is null then
    raise exception 'There is no such deletion that has come this far.' using errcode = 'insufficient_privilege';
  end if;
  perform private.take_media_turn(person);
  for erased in
    select * from private.personal_data as known
    where not known.cascades and not starts_with(known.relation, 'auth.') and known.relation not in (
      'storage.objects', 'private.file_removals', 'private.account_deletions'
    )
  loop
    execute format('delete from %s as t where %s', erased.relation, erased.owned) using person;
  end loop;
  delete from auth.users as account where account.id = person;
end
$$;

-- Auth's own tables, which are the platform's to change: what it forbids, or what takes too long in a log of millions,
-- stays as long as the platform keeps it, and holds up nobody's deletion.
create function private.erase_from_auth(user_id uuid) returns void
language plpgsql set search_path = '' as $$
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
        raise warning 'A person''s rows stay in %: %', erased.relation, sqlstate;
    end;
  end loop;
end
$$;
comment on function private.erase_from_auth(uuid) is
  'Deletes what no foreign key reaches in Auth''s tables, as far as that is allowed.';

revoke all on function private.erase_from_auth(uuid) from public, anon, authenticated, service_role;

create or replace function public.finish_account_deletion(receipt_id uuid) returns void
language sql security definer set search_path = '' as $$
  select private.erase_from_auth(deletion.user_id) from private.account_deletions as deletion
  where deletion.id = $1 and deletion.user_id is not null;
  delete from private.file_removals as removal using private.account_deletions as deletion
  where deletion.id = $1 and starts_with(removal.name, deletion.user_id || '/');
  delete from private.billing_findings as finding using private.account_deletions as deletion
  where deletion.id = $1 and (
    finding.subject = any (deletion.stripe_ids) or finding.details ->> 'user_id' = deletion.user_id::text
  );
  delete from private.stripe_events as event using private.account_deletions as deletion
  where deletion.id = $1
    and exists (select from unnest(deletion.stripe_ids) as id where strpos(event.hint::text, id) > 0);
  update private.account_deletions as deletion set
    status = 'done', user_id = null, stripe_ids = '{}', last_error = null, finished_at = now()
  where deletion.id = $1 and deletion.step = 'rest';
$$;
