-- Design, number 4 of 11 of the baseline of v0.2.0: the files of sql/ and policies/ as they were then. A body may name
-- what a later file makes.
set check_function_bodies = off;

-- sql/design/design_schema.sql

-- Generated from the block catalogue by local/tools/generate_blocks.py: do not edit.

-- The catalogue as JSON Schema, one definition a line.
create function private.block_list_schema() returns jsonb
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
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

-- sql/design/design_blocks.sql

-- Whether JSON is a page of the catalogue's blocks, and what is wrong with it: what templates and layouts are checked against.

-- The part of JSON Schema that the catalogue is written in. A property that is not named is not allowed. A path is put together
-- on the way back, where something is wrong; a page that is right pays nothing for it.
create function private.schema_error(given jsonb, schema jsonb, definitions jsonb) returns text
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  kind constant text := jsonb_typeof(given);
  choice jsonb;
  found text;
  first_found text;
begin
  if schema ? '$ref' then
    return private.schema_error(given, definitions -> substr(schema ->> '$ref', length('#/$defs/') + 1), definitions);
  elsif schema ? 'discriminator' then
    -- One property tells which of the alternatives it has to be.
    found := schema #>> array['discriminator', 'mapping', given ->> (schema #>> '{discriminator,propertyName}')];
    if kind <> 'object' or found is null then
      return case kind when 'object' then '.' || (schema #>> '{discriminator,propertyName}') else '' end || ' must be one of '
        || (select string_agg(name, ', ' order by name) from jsonb_object_keys(schema #> '{discriminator,mapping}') as name);
    end if;
    return private.schema_error(given, jsonb_build_object('$ref', found), definitions);
  elsif schema ? 'anyOf' then
    for choice in select each from jsonb_array_elements(schema -> 'anyOf') as each loop
      found := private.schema_error(given, choice, definitions);
      if found is null then
        return null;
      end if;
      first_found := coalesce(first_found, found);
    end loop;
    return first_found;
  elsif schema ? 'const' then
    return case when given is distinct from schema -> 'const' then ' must be ' || (schema ->> 'const') end;
  elsif schema ? 'enum' then
    return case when not schema -> 'enum' @> jsonb_build_array(given) then
      ' must be one of ' || (select string_agg(each, ', ') from jsonb_array_elements_text(schema -> 'enum') as each)
    end;
  end if;

  case schema ->> 'type'
    when 'string' then
      return case
        when kind <> 'string' then ' must be text'
        when char_length(given #>> '{}') < (schema ->> 'minLength')::int
          then format(' must have %s characters or more', schema ->> 'minLength')
        when char_length(given #>> '{}') > (schema ->> 'maxLength')::int
          then format(' must have %s characters at most', schema ->> 'maxLength')
        when given #>> '{}' !~ (schema ->> 'pattern') then ' must match ' || (schema ->> 'pattern')
      end;
    when 'integer' then
      return case
        when kind <> 'number' or (given #>> '{}')::numeric <> trunc((given #>> '{}')::numeric)
          then ' must be a whole number'
        when (given #>> '{}')::numeric < (schema ->> 'minimum')::numeric then ' must be at least ' || (schema ->> 'minimum')
        when (given #>> '{}')::numeric > (schema ->> 'maximum')::numeric then ' must be at most ' || (schema ->> 'maximum')
      end;
    when 'array' then
      return case
        when kind <> 'array' then ' must be a list'
        when jsonb_array_length(given) < (schema ->> 'minItems')::int
          then format(' must have %s entries or more', schema ->> 'minItems')
        when jsonb_array_length(given) > (schema ->> 'maxItems')::int
          then format(' must have %s entries at most', schema ->> 'maxItems')
        else (
          select format('[%s]%s', place - 1, checked.error)
          from jsonb_array_elements(given) with ordinality as item (value, place)
          cross join lateral (select private.schema_error(item.value, schema -> 'items', definitions) as error offset 0) as checked
          where checked.error is not null limit 1
        )
      end;
    when 'object' then
      return case
        when kind <> 'object' then ' must be an object'
        else coalesce(
          (
            select format(' needs %s', name) from jsonb_array_elements_text(schema -> 'required') as name
            where not given ? name limit 1
          ),
          (
            select checked.error from jsonb_each(given) as property
            cross join lateral (
              select case
                when schema -> 'properties' ? property.key then
                  '.' || property.key
                  || private.schema_error(property.value, schema -> 'properties' -> property.key, definitions)
                else format(' has no property named "%s"', left(property.key, 100))
              end as error offset 0
            ) as checked
            where checked.error is not null limit 1
          )
        )
      end;
    else
      return case when kind is distinct from schema ->> 'type' then ' must be ' || coalesce(schema ->> 'type', 'left out') end;
  end case;
end
$$;
comment on function private.schema_error(jsonb, jsonb, jsonb) is
  'Where a value is not as a JSON Schema (of the kind that the block catalogue is written in) says, and what it must be: '
  '".props.title must be text"; null where it is.';

create function private.block_list_error(blocks jsonb) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then ' must be a list of blocks'
    when octet_length(blocks::text) > 262144 then ' must take 262,144 bytes at most'
    -- Those in columns are counted: a page of the smallest ones took a second to check.
    when 200 < jsonb_array_length(blocks) + (
      select count(*) from jsonb_path_query(blocks, 'lax $[*].props.columns[*][*]')
    ) then ' must have 200 blocks at most, those in columns counted'
    else private.schema_error(
      blocks, private.block_list_schema() - '$defs', private.block_list_schema() -> '$defs'
    )
  end
$$;
comment on function private.block_list_error(jsonb) is
  'Why this is no array of blocks as the catalogue describes them (at most 200, those in columns counted, and 256 kB), as '
  'schema_error says it; null where it is one.';

-- A trigger and not a CHECK, which every update would run, also one of another column.
create function private.check_blocks() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  error constant text := private.block_list_error(new.blocks_json);
begin
  if error is not null then
    raise exception 'blocks_json%.', error using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'blocks_json',
      constraint = tg_table_name || '_blocks_json_blocks',
      detail = tg_table_name || '.blocks_json' || split_part(error, ' ', 1),
      hint = 'See docs/blocks.schema.json.';
  end if;
  return new;
end
$$;
comment on function private.check_blocks() is
  'Trigger: blocks_json is a list of the catalogue''s blocks; the detail of the error is the path to what is not.';

-- sql/design/templates.sql

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

-- sql/design/layouts.sql

-- Layouts: how blocks are arranged on a page. Those without an owner belong to the catalogue.

create table public.layouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid default auth.uid() references private.users (id) on delete cascade,
  template_id uuid references public.templates (id) on delete set null,
  project_id uuid references public.projects (id) on delete set null,
  name text not null constraint layouts_name_length check (char_length(name) between 1 and 120),
  blocks_json jsonb not null,
  published boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint layouts_project_id_owner check (user_id is not null or project_id is null)
);
comment on table public.layouts is
  e'Arrangements of blocks on a page: of a user, or of the catalogue.\n'
  '@graphql({"name": "Layout", "foreign_keys": [{'
  '"local_columns": ["user_id"], "local_name": "layouts", '
  '"foreign_schema": "public", "foreign_table": "users", "foreign_columns": ["id"], "foreign_name": "user"'
  '}]})';
comment on constraint layouts_template_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "template"})';
comment on constraint layouts_project_id_fkey on public.layouts is
  '@graphql({"local_name": "layouts", "foreign_name": "project"})';
comment on column public.layouts.user_id is 'The owner; null in the catalogue.';
comment on column public.layouts.template_id is 'The template that it was made from.';
comment on column public.layouts.project_id is 'The project whose page it arranges.';
comment on column public.layouts.blocks_json is
  'An array of objects, each with a type: what the front end renders, in order.';
comment on column public.layouts.published is
  'Whether those who see the project see this layout of it: visitors need it to see the page, and drafts stay private.';

-- What a form says of a refused value; public.field_rules serves it.
comment on constraint layouts_name_length on public.layouts is 'Name must have 1 to 120 characters.';
comment on constraint layouts_project_id_owner on public.layouts is
  'A layout of the catalogue, which has no owner, is of no project.';

-- A user's layouts, newest first, and the catalogue (user_id is null).
create index layouts_user_id_created_at_idx on public.layouts (user_id, created_at desc);
create index layouts_template_id_idx on public.layouts (template_id);
create index layouts_project_id_idx on public.layouts (project_id);

create trigger touch_updated_at before update on public.layouts
  for each row execute function private.touch_updated_at();
create trigger touch_added before insert on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.touch_updated_at();
create trigger keep_created_at before insert or update on public.layouts
  for each row when (current_setting('role') = 'authenticated') execute function private.keep_created_at();
create trigger keep_owner before update on public.layouts
  for each row when (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  execute function private.keep_owner();

create trigger check_added_blocks before insert on public.layouts
  for each row execute function private.check_blocks();
create trigger check_changed_blocks before update on public.layouts
  for each row when (old.blocks_json is distinct from new.blocks_json) execute function private.check_blocks();

-- A project has one page: who publishes another layout of it takes the one before off, in the same request. Those who
-- publish at once do it one after the other, and the last one wins. Of several in one statement the first stays.
create function private.publish_one_layout() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('layouts of ' || new.project_id, 0));
  if exists (select from public.layouts as layout where layout.id = new.id and layout.published) then
    update public.layouts as other set published = false
    where other.project_id = new.project_id and other.published and other.id <> new.id;
  end if;
  return null;
end
$$;
comment on function private.publish_one_layout() is 'Trigger: the project''s other layouts are not published any more.';

create trigger publish_added after insert on public.layouts
  for each row when (new.published and new.project_id is not null) execute function private.publish_one_layout();
create trigger publish_changed after update on public.layouts
  for each row when (
    new.published and new.project_id is not null
    and (not old.published or old.project_id is distinct from new.project_id)
  ) execute function private.publish_one_layout();

-- sql/design/ai_sessions.sql

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

-- sql/design/design_runs.sql

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

-- sql/design/design_sessions.sql

-- A request to the design assistant, from before money is spent to after its answer.

-- Counts the request, reserves what it can cost and opens its session: all of it or none, in one round trip.
-- Returns the session, or why not and when to come back.
create function public.begin_design(
  user_id uuid, project_id uuid, input jsonb, model text, cost_micros bigint, ceiling_micros bigint
) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
  -- Who is being deleted has gone when this goes on, or is deleted after it: what is counted here is not lost between.
  select allowed.designs_per_day into daily
  from private.users as profile join public.tier_limits as allowed on allowed.tier = profile.tier
  where profile.id = begin_design.user_id for key share of profile;
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
comment on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) is
  'Counts a request to the assistant, reserves its cost and opens its session; or says why not.';

-- Completes a session, once; a second time changes nothing. `outcome` has status, error_code, output, input_tokens,
-- output_tokens, latency_ms, returned (the design does not count) and, to be stored as the user's, layout (name,
-- template_id). Returns the layout's id.
create function public.finish_design(session_id uuid, cost_micros bigint, outcome jsonb) returns jsonb
language plpgsql set search_path = pg_catalog, pg_temp as $$
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
$$;
comment on function public.finish_design(uuid, bigint, jsonb) is
  'Completes a session of the assistant, settles its cost and stores the design as a layout where that was asked.';

-- policies/design.sql

-- Who may read, write and call what of design: row-level security, and grants by column where a row mixes public and private.

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.block_list_schema() from public;
grant execute on function private.block_list_schema() to authenticated, service_role;

-- A trigger runs with the rights of who writes the row.
revoke all on function private.schema_error(jsonb, jsonb, jsonb) from public;
revoke all on function private.block_list_error(jsonb) from public;
grant execute on function private.schema_error(jsonb, jsonb, jsonb) to authenticated, service_role;
grant execute on function private.block_list_error(jsonb) to authenticated, service_role;
revoke all on function private.check_blocks() from public, anon, authenticated, service_role;

-- The catalogue is public; handlers keep it.
alter table public.templates enable row level security;

create policy "the catalogue is public" on public.templates for select to anon, authenticated
  using (true);

revoke all on table public.templates from anon, authenticated, service_role;
grant select on table public.templates to anon, authenticated, service_role;
grant insert, update, delete on table public.templates to service_role;

-- The catalogue is public and handlers keep it; users' layouts are theirs, for their own projects; others see those
-- that are published with a project that they see.
-- `select true` and not `exists`, which Postgres may answer by reading all projects, however few rows are asked for.
alter table public.layouts enable row level security;

create policy "the catalogue and published layouts are public" on public.layouts for select to anon
  using (
    user_id is null
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "users see the catalogue, published layouts and their own" on public.layouts for select to authenticated
  using (
    user_id is null
    or user_id = (select auth.uid())
    or (published and (select true from public.projects where projects.id = layouts.project_id))
  );
create policy "users add their own layouts" on public.layouts for insert to authenticated
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "users change their own layouts" on public.layouts for update to authenticated
  using (user_id = (select auth.uid()))
  with check (
    user_id = (select auth.uid())
    and (project_id is null or exists (
      select from public.projects where projects.id = layouts.project_id and projects.user_id = (select auth.uid())
    ))
  );
create policy "users delete their own layouts" on public.layouts for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.layouts from anon, authenticated, service_role;
grant select on table public.layouts to anon, authenticated, service_role;
grant insert, update, delete on table public.layouts to authenticated, service_role;

revoke all on function private.publish_one_layout() from public, anon, authenticated, service_role;

-- Users see and delete their own; handlers write.
alter table public.ai_sessions enable row level security;

create policy "users see their own sessions" on public.ai_sessions for select to authenticated
  using (user_id = (select auth.uid()));
create policy "users delete their own sessions" on public.ai_sessions for delete to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.ai_sessions from anon, authenticated, service_role;
grant select, delete on table public.ai_sessions to authenticated;
grant select, insert, update, delete on table public.ai_sessions to service_role;

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

-- Handlers only.
revoke all on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint)
  from public, anon, authenticated, service_role;
revoke all on function public.finish_design(uuid, bigint, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_design(uuid, uuid, jsonb, text, bigint, bigint) to service_role;
grant execute on function public.finish_design(uuid, bigint, jsonb) to service_role;

reset check_function_bodies;
