-- Reports of projects, and what operators did about them.

create table public.project_reports (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null references public.projects (id) on delete cascade,
  reporter_id uuid references private.users (id) on delete cascade,
  reason text not null constraint project_reports_reason_choices check (
    reason in ('spam', 'harassment', 'copyright', 'illegal', 'personal_data', 'malware', 'other')
  ),
  details text constraint project_reports_details_length check (char_length(details) between 1 and 2000),
  created_at timestamptz not null default now(),
  closed_at timestamptz
);
comment on table public.project_reports is
  e'What is wrong with a project, as somebody says; for operators.\n'
  '@graphql({"name": "ProjectReport", "foreign_keys": [{'
  '"local_columns": ["reporter_id"], "local_name": "reports", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "reporter"'
  '}]})';
comment on constraint project_reports_project_id_fkey on public.project_reports is
  '@graphql({"local_name": "reports", "foreign_name": "project"})';
comment on column public.project_reports.reporter_id is 'Who reported it; null: a visitor.';
comment on column public.project_reports.closed_at is 'When an operator hid the project or dismissed the report.';
create index project_reports_project_id_idx on public.project_reports (project_id);
create index project_reports_reporter_id_idx on public.project_reports (reporter_id);
-- What operators have to look at, the oldest first.
create index project_reports_open_idx on public.project_reports (created_at) where closed_at is null;

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint project_reports_reason_choices on public.project_reports is
  'Reason is spam, harassment, copyright, illegal, personal_data, malware or other.';
comment on constraint project_reports_details_length on public.project_reports is 'Details must have 1 to 2,000 characters.';

-- The id of a project is kept without a foreign key: an owner who deletes a project must not delete what operators did about it.
create table public.moderation_actions (
  id uuid primary key default gen_random_uuid(),
  project_id uuid not null,
  action text not null constraint moderation_actions_action_choices check (action in ('hide', 'unhide', 'dismiss')),
  operator text not null constraint moderation_actions_operator_length check (char_length(operator) between 1 and 100),
  reason text not null constraint moderation_actions_reason_length check (char_length(reason) between 1 and 500),
  created_at timestamptz not null default now()
);
comment on table public.moderation_actions is
  e'What operators did about projects, who and when; why, as long as the project exists.\n'
  '@graphql({"name": "ModerationAction"})';
create index moderation_actions_project_id_idx on public.moderation_actions (project_id, created_at);

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint moderation_actions_action_choices on public.moderation_actions is 'Action is hide, unhide or dismiss.';
comment on constraint moderation_actions_operator_length on public.moderation_actions is 'Operator must have 1 to 100 characters.';
comment on constraint moderation_actions_reason_length on public.moderation_actions is 'Reason must have 1 to 500 characters.';

-- A reason is free text that may name the owner, so it goes with the project. Definer: owners delete, and may not write here.
create function private.redact_moderation_reasons() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.moderation_actions as done set reason = 'Removed with the project.' where done.project_id = old.id;
  return null;
end
$$;
comment on function private.redact_moderation_reasons() is
  'Trigger: what operators did about a deleted project stays, without the reasons they wrote.';
create trigger redact_moderation_reasons after delete on public.projects
  for each row execute function private.redact_moderation_reasons();

-- Twice from one address on one day is once. Definer: visitors write here and nowhere else.
create function public.report_project(project_id uuid, reason text, details text default null) returns void
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

-- The one way to change what is hidden: with a name, a reason and an entry, all together.
create function public.moderate_project(project_id uuid, action text, operator text, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  perform from public.projects as project where project.id = $1 for no key update;
  if not found then
    raise exception 'There is no such project.' using errcode = 'PT404';
  end if;
  insert into public.moderation_actions (project_id, action, operator, reason) values ($1, $2, $3, $4);
  if $2 <> 'dismiss' then
    update public.projects as project set
      hidden_at = case $2 when 'hide' then coalesce(project.hidden_at, now()) end,
      hidden_reason = case $2 when 'hide' then $4 end
    where project.id = $1;
  end if;
  if $2 <> 'unhide' then
    update public.project_reports as report set closed_at = now() where report.project_id = $1 and report.closed_at is null;
  end if;
end
$$;
comment on function public.moderate_project(uuid, text, text, text) is
  'Operators: hide (the owner reads the reason), unhide, or dismiss the reports of a project; kept in moderation_actions.';
