-- What users asked the design assistant, and what it answered.

create table public.ai_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  input_json jsonb,
  output_json jsonb,
  created_at timestamptz not null default now(),
  project_id uuid references public.projects (id) on delete set null,
  status text not null default 'running'
    constraint ai_sessions_status_choices check (status in ('running', 'done', 'failed', 'cancelled')),
  error_code text constraint ai_sessions_error_code_length check (char_length(error_code) <= 100),
  model text constraint ai_sessions_model_length check (char_length(model) <= 100),
  input_tokens int constraint ai_sessions_input_tokens_range check (input_tokens >= 0),
  output_tokens int constraint ai_sessions_output_tokens_range check (output_tokens >= 0),
  latency_ms int constraint ai_sessions_latency_ms_range check (latency_ms >= 0),
  completed_at timestamptz
);
comment on table public.ai_sessions is
  e'Requests to the design assistant; written by handlers.\n'
  '@graphql({"name": "AiSession", "totalCount": {"enabled": true}, "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "aiSessions", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint ai_sessions_project_id_fkey on public.ai_sessions is
  '@graphql({"local_name": "aiSessions", "foreign_name": "project"})';
comment on column public.ai_sessions.input_json is 'What was asked.';
comment on column public.ai_sessions.output_json is 'What was answered; null while there is no answer.';
comment on column public.ai_sessions.project_id is 'The project that was designed for; null where the content came along.';
comment on column public.ai_sessions.error_code is 'Why it failed: the code of the problem that the caller got.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint ai_sessions_status_choices on public.ai_sessions is 'Status must be running, done, failed or cancelled.';
comment on constraint ai_sessions_error_code_length on public.ai_sessions is 'Error code must have 100 characters at most.';
comment on constraint ai_sessions_model_length on public.ai_sessions is 'Model must have 100 characters at most.';
comment on constraint ai_sessions_input_tokens_range on public.ai_sessions is 'Input tokens must be 0 or more.';
comment on constraint ai_sessions_output_tokens_range on public.ai_sessions is 'Output tokens must be 0 or more.';
comment on constraint ai_sessions_latency_ms_range on public.ai_sessions is 'Latency ms must be 0 or more.';

-- A user's sessions, newest first; it serves the foreign key and the policies too.
create index ai_sessions_user_id_created_at_idx on public.ai_sessions (user_id, created_at desc);
create index ai_sessions_project_id_idx on public.ai_sessions (project_id);
