-- Templates: the catalogue of designs that people start from.

create table public.templates (
  id uuid primary key default gen_random_uuid(),
  name text not null check (char_length(name) between 1 and 120),
  blocks_json jsonb not null check (private.is_block_list(blocks_json)),
  created_at timestamptz not null default now()
);
comment on table public.templates is
  e'Designs that people start from: lists of drag-and-drop blocks.\n'
  '@graphql({"name": "Template", "totalCount": {"enabled": true}})';
comment on column public.templates.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';
