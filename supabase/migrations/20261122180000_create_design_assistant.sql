-- Generated from the block catalogue by local/generate_blocks.py: do not edit.

-- The catalogue as JSON Schema, one definition a line.
create function private.block_list_schema() returns jsonb
language sql immutable parallel safe set search_path = '' as $$
  select '{"items": {"discriminator": {"mapping": {"call_to_action": "#/$defs/CallToAction", "columns": "#/$defs/Columns", "contact": "#/$defs/Contact", "divider": "#/$defs/Divider", "features": "#/$defs/Features", "gallery": "#/$defs/Gallery", "hero": "#/$defs/Hero", "links": "#/$defs/Links", "metrics": "#/$defs/Metrics", "quote": "#/$defs/Quote", "steps": "#/$defs/Steps", "tags": "#/$defs/Tags", "tech_list": "#/$defs/TechList", "text": "#/$defs/Text", "video": "#/$defs/Video"}, "propertyName": "type"}, "oneOf": [{"$ref": "#/$defs/Hero"}, {"$ref": "#/$defs/Text"}, {"$ref": "#/$defs/Gallery"}, {"$ref": "#/$defs/Video"}, {"$ref": "#/$defs/Metrics"}, {"$ref": "#/$defs/TechList"}, {"$ref": "#/$defs/Tags"}, {"$ref": "#/$defs/Links"}, {"$ref": "#/$defs/Contact"}, {"$ref": "#/$defs/Features"}, {"$ref": "#/$defs/Steps"}, {"$ref": "#/$defs/Quote"}, {"$ref": "#/$defs/CallToAction"}, {"$ref": "#/$defs/Divider"}, {"$ref": "#/$defs/Columns"}]}, "maxItems": 200, "type": "array", "$defs": {
    "Action": {"additionalProperties": false, "properties": {"label": {"maxLength": 80, "minLength": 1, "type": "string"}, "url": {"maxLength": 2048, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^ \\t\\r\\n]+$", "type": "string"}}, "required": ["label", "url"], "type": "object"},
    "CallToAction": {"additionalProperties": false, "properties": {"type": {"const": "call_to_action", "type": "string"}, "props": {"$ref": "#/$defs/CallToActionProps"}}, "required": ["type", "props"], "type": "object"},
    "CallToActionProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "title": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}, "action": {"$ref": "#/$defs/Action"}}, "required": ["title", "action"], "type": "object"},
    "Colors": {"additionalProperties": false, "properties": {"background": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}, "text": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}, "accent": {"pattern": "^#[0-9a-f]{6}$", "type": "string"}}, "required": ["background", "text", "accent"], "type": "object"},
    "Columns": {"additionalProperties": false, "properties": {"type": {"const": "columns", "type": "string"}, "props": {"$ref": "#/$defs/ColumnsProps"}}, "required": ["type", "props"], "type": "object"},
    "ColumnsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "columns": {"items": {"items": {"discriminator": {"mapping": {"call_to_action": "#/$defs/CallToAction", "contact": "#/$defs/Contact", "divider": "#/$defs/Divider", "features": "#/$defs/Features", "gallery": "#/$defs/Gallery", "hero": "#/$defs/Hero", "links": "#/$defs/Links", "metrics": "#/$defs/Metrics", "quote": "#/$defs/Quote", "steps": "#/$defs/Steps", "tags": "#/$defs/Tags", "tech_list": "#/$defs/TechList", "text": "#/$defs/Text", "video": "#/$defs/Video"}, "propertyName": "type"}, "oneOf": [{"$ref": "#/$defs/Hero"}, {"$ref": "#/$defs/Text"}, {"$ref": "#/$defs/Gallery"}, {"$ref": "#/$defs/Video"}, {"$ref": "#/$defs/Metrics"}, {"$ref": "#/$defs/TechList"}, {"$ref": "#/$defs/Tags"}, {"$ref": "#/$defs/Links"}, {"$ref": "#/$defs/Contact"}, {"$ref": "#/$defs/Features"}, {"$ref": "#/$defs/Steps"}, {"$ref": "#/$defs/Quote"}, {"$ref": "#/$defs/CallToAction"}, {"$ref": "#/$defs/Divider"}]}, "maxItems": 20, "type": "array"}, "maxItems": 4, "minItems": 2, "type": "array"}, "widths": {"items": {"maximum": 4, "minimum": 1, "type": "integer"}, "maxItems": 4, "type": "array"}}, "required": ["columns"], "type": "object"},
    "Contact": {"additionalProperties": false, "properties": {"type": {"const": "contact", "type": "string"}, "props": {"$ref": "#/$defs/ContactProps"}}, "required": ["type", "props"], "type": "object"},
    "ContactProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}, "action": {"anyOf": [{"$ref": "#/$defs/Action"}, {"type": "null"}]}}, "required": ["heading"], "type": "object"},
    "Divider": {"additionalProperties": false, "properties": {"type": {"const": "divider", "type": "string"}, "props": {"$ref": "#/$defs/DividerProps"}}, "required": ["type", "props"], "type": "object"},
    "DividerProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "style": {"enum": ["line", "space"], "type": "string"}, "size": {"enum": ["small", "medium", "large"], "type": "string"}}, "type": "object"},
    "Entry": {"additionalProperties": false, "properties": {"title": {"maxLength": 200, "minLength": 1, "type": "string"}, "text": {"maxLength": 1000, "type": "string"}}, "required": ["title"], "type": "object"},
    "Features": {"additionalProperties": false, "properties": {"type": {"const": "features", "type": "string"}, "props": {"$ref": "#/$defs/FeaturesProps"}}, "required": ["type", "props"], "type": "object"},
    "FeaturesProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"$ref": "#/$defs/Entry"}, "maxItems": 12, "minItems": 1, "type": "array"}, "columns": {"maximum": 4, "minimum": 1, "type": "integer"}}, "required": ["items"], "type": "object"},
    "Gallery": {"additionalProperties": false, "properties": {"type": {"const": "gallery", "type": "string"}, "props": {"$ref": "#/$defs/GalleryProps"}}, "required": ["type", "props"], "type": "object"},
    "GalleryProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "images": {"items": {"$ref": "#/$defs/Image"}, "maxItems": 50, "type": "array"}, "columns": {"maximum": 4, "minimum": 1, "type": "integer"}, "fit": {"enum": ["cover", "contain"], "type": "string"}}, "type": "object"},
    "Hero": {"additionalProperties": false, "properties": {"type": {"const": "hero", "type": "string"}, "props": {"$ref": "#/$defs/HeroProps"}}, "required": ["type", "props"], "type": "object"},
    "HeroProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "title": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "tagline": {"anyOf": [{"maxLength": 500, "minLength": 1, "type": "string"}, {"type": "null"}]}, "align": {"enum": ["left", "center"], "type": "string"}, "image": {"anyOf": [{"$ref": "#/$defs/Image"}, {"type": "null"}]}, "image_position": {"enum": ["above", "beside"], "type": "string"}, "actions": {"items": {"$ref": "#/$defs/Action"}, "maxItems": 3, "type": "array"}, "show_avatar": {"type": "boolean"}}, "type": "object"},
    "Image": {"additionalProperties": false, "properties": {"url": {"maxLength": 2048, "pattern": "^([Hh][Tt][Tt][Pp][Ss]?:/|/storage/v1/object/(sign|public))/[^ \\t\\r\\n]+$", "type": "string"}, "alt": {"maxLength": 300, "type": "string"}}, "required": ["url"], "type": "object"},
    "Links": {"additionalProperties": false, "properties": {"type": {"const": "links", "type": "string"}, "props": {"$ref": "#/$defs/LinksProps"}}, "required": ["type", "props"], "type": "object"},
    "LinksProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "links": {"items": {"$ref": "#/$defs/Action"}, "maxItems": 10, "type": "array"}, "style": {"enum": ["buttons", "list"], "type": "string"}}, "type": "object"},
    "Metrics": {"additionalProperties": false, "properties": {"type": {"const": "metrics", "type": "string"}, "props": {"$ref": "#/$defs/MetricsProps"}}, "required": ["type", "props"], "type": "object"},
    "MetricsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "platforms": {"items": {"enum": ["github", "linkedin", "twitter"], "type": "string"}, "maxItems": 3, "minItems": 1, "type": "array"}, "layout": {"enum": ["row", "grid"], "type": "string"}, "show_history": {"type": "boolean"}}, "required": ["platforms"], "type": "object"},
    "Quote": {"additionalProperties": false, "properties": {"type": {"const": "quote", "type": "string"}, "props": {"$ref": "#/$defs/QuoteProps"}}, "required": ["type", "props"], "type": "object"},
    "QuoteProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "text": {"maxLength": 1000, "minLength": 1, "type": "string"}, "source": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}}, "required": ["text"], "type": "object"},
    "Steps": {"additionalProperties": false, "properties": {"type": {"const": "steps", "type": "string"}, "props": {"$ref": "#/$defs/StepsProps"}}, "required": ["type", "props"], "type": "object"},
    "StepsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"$ref": "#/$defs/Entry"}, "maxItems": 20, "minItems": 1, "type": "array"}}, "required": ["items"], "type": "object"},
    "Tags": {"additionalProperties": false, "properties": {"type": {"const": "tags", "type": "string"}, "props": {"$ref": "#/$defs/TagsProps"}}, "required": ["type", "props"], "type": "object"},
    "TagsProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "items": {"items": {"maxLength": 80, "minLength": 1, "type": "string"}, "maxItems": 50, "type": "array"}}, "type": "object"},
    "TechList": {"additionalProperties": false, "properties": {"type": {"const": "tech_list", "type": "string"}, "props": {"$ref": "#/$defs/TechListProps"}}, "required": ["type", "props"], "type": "object"},
    "TechListProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "items": {"items": {"maxLength": 80, "minLength": 1, "type": "string"}, "maxItems": 50, "type": "array"}, "style": {"enum": ["chips", "list"], "type": "string"}}, "type": "object"},
    "Text": {"additionalProperties": false, "properties": {"type": {"const": "text", "type": "string"}, "props": {"$ref": "#/$defs/TextProps"}}, "required": ["type", "props"], "type": "object"},
    "TextProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "heading": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "text": {"anyOf": [{"maxLength": 20000, "minLength": 1, "type": "string"}, {"type": "null"}]}, "align": {"enum": ["left", "center"], "type": "string"}}, "type": "object"},
    "Video": {"additionalProperties": false, "properties": {"type": {"const": "video", "type": "string"}, "props": {"$ref": "#/$defs/VideoProps"}}, "required": ["type", "props"], "type": "object"},
    "VideoProps": {"additionalProperties": false, "properties": {"colors": {"anyOf": [{"$ref": "#/$defs/Colors"}, {"type": "null"}]}, "url": {"anyOf": [{"maxLength": 2048, "pattern": "^([Hh][Tt][Tt][Pp][Ss]?:/|/storage/v1/object/(sign|public))/[^ \\t\\r\\n]+$", "type": "string"}, {"type": "null"}]}, "caption": {"anyOf": [{"maxLength": 200, "minLength": 1, "type": "string"}, {"type": "null"}]}, "autoplay": {"type": "boolean"}}, "type": "object"}
  }}'::jsonb
$$;
comment on function private.block_list_schema() is 'The block catalogue as JSON Schema.';

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.block_list_schema() from public;
grant execute on function private.block_list_schema() to authenticated, service_role;

-- Templates and layouts are checked against the catalogue from here on. Rows that are there already stay as they are
-- until they are written again.

-- The part of JSON Schema that the catalogue is written in. A property that is not named is not allowed.
create function private.matches_schema(given jsonb, schema jsonb, definitions jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = '' as $$
declare
  kind constant text := jsonb_typeof(given);
begin
  if schema ? '$ref' then
    return private.matches_schema(given, definitions -> substr(schema ->> '$ref', length('#/$defs/') + 1), definitions);
  elsif schema ? 'discriminator' then
    -- One property tells which of the alternatives it has to be.
    return kind = 'object' and coalesce(private.matches_schema(given, jsonb_build_object('$ref',
      schema #> array['discriminator', 'mapping', given ->> (schema #>> '{discriminator,propertyName}')]
    ), definitions), false);
  elsif schema ? 'anyOf' then
    return exists (
      select from jsonb_array_elements(schema -> 'anyOf') as choice
      where private.matches_schema(given, choice, definitions)
    );
  elsif schema ? 'const' then
    return given = schema -> 'const';
  elsif schema ? 'enum' then
    return exists (select from jsonb_array_elements(schema -> 'enum') as choice where choice = given);
  end if;

  case schema ->> 'type'
    when 'string' then
      return kind = 'string'
        and char_length(given #>> '{}') >= coalesce((schema ->> 'minLength')::int, 0)
        and coalesce(char_length(given #>> '{}') <= (schema ->> 'maxLength')::int, true)
        and coalesce(given #>> '{}' ~ (schema ->> 'pattern'), true);
    when 'integer' then
      return kind = 'number'
        and (given #>> '{}')::numeric = trunc((given #>> '{}')::numeric)
        and coalesce((given #>> '{}')::numeric >= (schema ->> 'minimum')::numeric, true)
        and coalesce((given #>> '{}')::numeric <= (schema ->> 'maximum')::numeric, true);
    when 'array' then
      return kind = 'array'
        and jsonb_array_length(given) >= coalesce((schema ->> 'minItems')::int, 0)
        and coalesce(jsonb_array_length(given) <= (schema ->> 'maxItems')::int, true)
        and not exists (
          select from jsonb_array_elements(given) as item
          where not private.matches_schema(item, schema -> 'items', definitions)
        );
    when 'object' then
      return kind = 'object'
        and not exists (
          select from jsonb_array_elements_text(schema -> 'required') as name where not given ? name
        )
        and not exists (
          select from jsonb_each(given) as property
          where not coalesce(
            private.matches_schema(property.value, schema -> 'properties' -> property.key, definitions), false
          )
        );
    else
      return kind = schema ->> 'type';
  end case;
end
$$;
comment on function private.matches_schema(jsonb, jsonb, jsonb) is
  'Whether a value is as a JSON Schema (of the kind that the block catalogue is written in) says.';

create or replace function private.is_block_list(blocks jsonb) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then false
    when octet_length(blocks::text) > 262144 then false
    else private.matches_schema(
      blocks, private.block_list_schema() - '$defs', private.block_list_schema() -> '$defs'
    )
  end
$$;
comment on function private.is_block_list(jsonb) is
  'Whether this is an array of blocks as the catalogue describes them: at most 200, and 256 kB.';

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.matches_schema(jsonb, jsonb, jsonb) from public;
grant execute on function private.matches_schema(jsonb, jsonb, jsonb) to authenticated, service_role;

-- What became of a request, beside what was asked and answered.
alter table public.ai_sessions
  add column project_id uuid references public.projects (id) on delete set null,
  add column status text not null default 'running' check (status in ('running', 'done', 'failed', 'cancelled')),
  add column error_code text check (char_length(error_code) <= 100),
  add column model text check (char_length(model) <= 100),
  add column input_tokens int check (input_tokens >= 0),
  add column output_tokens int check (output_tokens >= 0),
  add column latency_ms int check (latency_ms >= 0),
  add column completed_at timestamptz;
comment on column public.ai_sessions.project_id is 'The project that was designed for; null where the content came along.';
comment on column public.ai_sessions.error_code is 'Why it failed: the code of the problem that the caller was told.';
create index ai_sessions_project_id_idx on public.ai_sessions (project_id);

-- Nothing ran before there was an assistant.
update public.ai_sessions set status = 'done';

-- What the design assistant may spend: how many designs a person has a day, and how much money all of them a month.

create table private.design_usage (
  user_id uuid not null references private.users (id) on delete cascade,
  day date not null,
  used int not null check (used >= 0),
  attempts int not null check (attempts >= used),
  primary key (user_id, day)
);
comment on table private.design_usage is 'Designs of a person on a UTC day. Those that failed are given back.';
comment on column private.design_usage.attempts is
  'All requests, failed ones too: they cost money, so there are at most four times as many as designs.';

create table private.design_spending (
  month date primary key check (month = date_trunc('month', month)),
  spent_micros bigint not null default 0 check (spent_micros >= 0)
);
comment on table private.design_spending is 'Money that the assistant spent in a UTC month, in millionths of a US dollar.';

-- A request under way, with the most that it can cost. No foreign keys: money is spent even where the person or the
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

-- Ends a run: books its cost, and gives the design back to its person's day where nothing came of it.
create function private.settle_design_run(run private.design_runs, cost_micros bigint, returned boolean) returns void
language plpgsql set search_path = '' as $$
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

-- Handlers only, and through their RPCs.
alter table private.design_usage enable row level security;
alter table private.design_spending enable row level security;
alter table private.design_runs enable row level security;

create policy "handlers count designs" on private.design_usage for all to service_role
  using (true) with check (true);
create policy "handlers keep the books" on private.design_spending for all to service_role
  using (true) with check (true);
create policy "handlers keep the runs" on private.design_runs for all to service_role
  using (true) with check (true);

revoke all on table private.design_usage, private.design_spending, private.design_runs
  from anon, authenticated, service_role;
grant select, insert, update, delete on table private.design_usage, private.design_spending, private.design_runs
  to service_role;

revoke all on function private.settle_design_run(private.design_runs, bigint, boolean) from public;
grant execute on function private.settle_design_run(private.design_runs, bigint, boolean) to service_role;

-- A request to the design assistant, from before money is spent to after its answer.

-- Counts the request, reserves what it can cost and opens its session: all of it or none, in one round trip.
-- `limits` is how many designs a day each tier has. Returns the session, or why not and when to come back.
create function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, limits jsonb, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = '' as $$
#variable_conflict use_column
declare
  today constant date := (now() at time zone 'utc')::date;
  this_month constant date := date_trunc('month', now() at time zone 'utc')::date;
  until_tomorrow constant int := ceil(extract(epoch from ((today + 1) at time zone 'utc' - now())));
  until_next_month constant int :=
    ceil(extract(epoch from ((this_month + interval '1 month') at time zone 'utc' - now())));
  daily int;
  usage private.design_usage;
  lost private.design_runs;
  session uuid;
begin
  select coalesce((begin_design.limits ->> person.tier)::int, 0) into daily
  from private.users as person where person.id = begin_design.user_id;
  if not found then
    return jsonb_build_object('refused', 'no_profile');
  end if;

  -- One at a time from here on: two requests must not both take what is left of the month.
  insert into private.design_spending (month) values (this_month) on conflict do nothing;
  perform from private.design_spending where month = this_month for update;

  -- A handler that was killed settles nothing: after a quarter of an hour its run counts as failed, at full cost.
  for lost in
    select * from private.design_runs where started_at < now() - interval '15 minutes' for update skip locked
  loop
    perform private.settle_design_run(lost, lost.reserved_micros, true);
    update public.ai_sessions set status = 'failed', error_code = 'abandoned', completed_at = now()
    where id = lost.session_id and status = 'running';
  end loop;

  insert into private.design_usage as usage (user_id, day, used, attempts)
  values (begin_design.user_id, today, 0, 0)
  on conflict do nothing;
  update private.design_usage set used = used + 1, attempts = attempts + 1
  where user_id = begin_design.user_id and day = today and used < daily and attempts < 4 * daily
  returning * into usage;
  if not found then
    return jsonb_build_object('refused', 'quota_exceeded', 'limit', daily, 'retry_after', until_tomorrow);
  end if;
  if (select spent_micros from private.design_spending where month = this_month)
    + (select coalesce(sum(reserved_micros), 0) from private.design_runs) + cost_micros > ceiling_micros
  then
    update private.design_usage set used = used - 1, attempts = attempts - 1
    where user_id = begin_design.user_id and day = today;
    return jsonb_build_object('refused', 'budget_spent', 'limit', daily, 'retry_after', until_next_month);
  end if;

  insert into public.ai_sessions (user_id, project_id, input_json, model)
  values (begin_design.user_id, begin_design.project_id, input, begin_design.model)
  returning id into session;
  insert into private.design_runs (session_id, user_id, reserved_micros)
  values (session, begin_design.user_id, cost_micros);
  return jsonb_build_object(
    'session_id', session, 'limit', daily, 'remaining', daily - usage.used, 'resets_in', until_tomorrow
  );
end
$$;
comment on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint) is
  'Counts a request to the assistant, reserves its cost and opens its session; or says why not.';

-- Completes a session, once; a second time changes nothing. `outcome` has status, error_code, output, input_tokens,
-- output_tokens, latency_ms, returned (the design does not count) and, to be stored as the person's, layout (name,
-- template_id). Returns the layout's id.
create function public.finish_design(session_id uuid, cost_micros bigint, outcome jsonb) returns jsonb
language plpgsql set search_path = '' as $$
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

  -- The project, the template or the person may have gone meanwhile.
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
$$;
comment on function public.finish_design(uuid, bigint, jsonb) is
  'Completes a session of the assistant, settles its cost and stores the design as a layout where that was asked.';

-- Handlers only.
revoke all on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function public.finish_design(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, jsonb, bigint, bigint) to service_role;
grant execute on function public.finish_design(uuid, bigint, jsonb) to service_role;
