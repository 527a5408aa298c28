-- What people asked the design assistant, and what it answered.

create table public.ai_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references private.users (id) on delete cascade,
  input_json jsonb,
  output_json jsonb,
  created_at timestamptz not null default now()
);
comment on table public.ai_sessions is 'Requests to the design assistant; written by handlers.';
comment on column public.ai_sessions.input_json is 'What was asked.';
comment on column public.ai_sessions.output_json is 'What was answered; null while there is no answer.';

-- A person's sessions, newest first; it serves the foreign key and the policies too.
create index ai_sessions_user_id_created_at_idx on public.ai_sessions (user_id, created_at desc);
