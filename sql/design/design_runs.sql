-- What the design assistant may spend: how many designs a user has a day, and how much money all of them a month.

create table private.design_usage (
  user_id uuid not null references private.users (id) on delete cascade,
  day date not null,
  used int not null check (used >= 0),
  attempts int not null check (attempts >= used),
  primary key (user_id, day)
);
comment on table private.design_usage is 'Designs of a user on a UTC day. Those that failed are given back.';
comment on column private.design_usage.attempts is
  'All requests, failed ones too: they cost money, so there are at most four times as many as designs.';

create table private.design_spending (
  month date primary key check (month = date_trunc('month', month)),
  spent_micros bigint not null default 0 check (spent_micros >= 0)
);
comment on table private.design_spending is 'Money that the assistant spent in a UTC month, in millionths of a US dollar.';

-- A request under way, with the most that it can cost. No foreign keys: money is spent even where the user or the
-- session is gone before the answer.
create table private.design_runs (
  session_id uuid primary key,
  user_id uuid not null,
  started_at timestamptz not null default now(),
  reserved_micros bigint not null check (reserved_micros >= 0)
);
comment on table private.design_runs is 'Requests to the assistant under way, and what they may cost at most.';

-- Runs whose handler never came back, and what is reserved for those under way.
create index design_runs_started_at_idx on private.design_runs (started_at);

-- Ends a run: books its cost, and gives the design back to its user's day where nothing came of it.
create function private.settle_design_run(run private.design_runs, cost_micros bigint, returned boolean) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into private.design_spending as spending (month, spent_micros)
  values (date_trunc('month', now() at time zone 'utc')::date, cost_micros)
  on conflict (month) do update set spent_micros = spending.spent_micros + excluded.spent_micros;
  if returned then
    update private.design_usage set used = greatest(used - 1, 0)
    where user_id = run.user_id and day = (run.started_at at time zone 'utc')::date;
  end if;
  delete from private.design_runs where session_id = run.session_id;
end
$$;
comment on function private.settle_design_run(private.design_runs, bigint, boolean) is
  'Books what a run cost, gives the design back where nothing came of it, and forgets the run.';
