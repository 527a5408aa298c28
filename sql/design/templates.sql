-- Templates: the catalogue of designs that users start from.

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint templates_name_length check (char_length(name) between 1 and 120),
  blocks_json jsonb not null,
  created_at timestamptz not null default now()
);
comment on table public.templates is
  e'Designs that users start from: lists of drag-and-drop blocks.\n'
  '@graphql({"name": "Template", "totalCount": {"enabled": true}})';
comment on column public.templates.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint templates_name_length on public.templates is 'Name must have 1 to 120 characters.';

create trigger check_added_blocks before insert on public.templates
  for each row execute function private.check_blocks();
create trigger check_changed_blocks before update on public.templates
  for each row when (old.blocks_json is distinct from new.blocks_json) execute function private.check_blocks();
