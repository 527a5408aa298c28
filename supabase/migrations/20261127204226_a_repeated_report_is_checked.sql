-- A report that was repeated was not looked at: a reason that there is not, or details that are too long, were taken.
create or replace function public.report_project(project_id uuid, reason text, details text default null) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  address constant text := private.caller_address();
  reporter constant uuid := (select profile.id from private.users as profile where profile.id = auth.uid());
  added uuid;
begin
  if not exists (
    select from public.projects as known
    where known.id = $1 and known.status in ('published', 'unlisted') and known.hidden_at is null
  ) then
    raise exception 'There is no such project.' using errcode = 'PT404';
  elsif not private.use_daily('reports', address, 20) then
    raise exception 'You have reported as many projects today as you may.' using errcode = 'PT429', hint = 'Try again tomorrow.';
  end if;
  -- Stored before it is counted: what the table refuses is refused in a repeated report too.
  insert into public.project_reports (project_id, reporter_id, reason, details)
  values ($1, reporter, $2, nullif(trim($3), '')) returning id into added;
  if not (
    private.use_daily('report', concat_ws(' ', $1, coalesce(reporter::text, address)), 1)
    and private.use_daily('reports of a project', $1::text, 50)
  ) then
    delete from public.project_reports as report where report.id = added;
  end if;
end
$$;
comment on function public.report_project(uuid, text, text) is
  'Reports to the operators what is wrong with a project: spam, harassment, copyright, illegal, personal_data, malware or other.';

-- What is read beside a column: one word for a time, a copy, a report.
comment on function private.keep_created_at() is 'Trigger: created_at is when a row was added.';
comment on column private.storage_usage.used_bytes is
  'Of the files below the user''s folder in every bucket but account-exports, which has copies of them.';
comment on column public.notifications.payload is 'What the e-mail says; see docs/notifications.md for each type.';
comment on column public.notifications.next_attempt_at is
  'When it may be sent. While sending: until when the event webhook has time to report what became of a lost answer.';
