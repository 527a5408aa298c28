-- Whether JSON is a page of the catalogue's blocks: what templates and layouts are checked against.

-- The part of JSON Schema that the catalogue is written in. A property that is not named is not allowed.
create function private.matches_schema(given jsonb, schema jsonb, definitions jsonb) returns boolean
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
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

create function private.is_block_list(blocks jsonb) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then false
    when octet_length(blocks::text) > 262144 then false
    -- Those in columns are counted: a page of the smallest ones took a second to check.
    when 200 < jsonb_array_length(blocks) + (
      select count(*) from jsonb_path_query(blocks, 'lax $[*].props.columns[*][*]')
    ) then false
    else private.matches_schema(
      blocks, private.block_list_schema() - '$defs', private.block_list_schema() -> '$defs'
    )
  end
$$;
comment on function private.is_block_list(jsonb) is
  'Whether this is an array of blocks as the catalogue describes them: at most 200, those in columns counted, and 256 kB.';

-- A trigger and not a CHECK, which every update would run, also one of another column.
create function private.check_blocks() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not private.is_block_list(new.blocks_json) then
    raise exception 'blocks_json is not a list of the catalogue''s blocks.' using
      errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, column = 'blocks_json',
      constraint = tg_table_name || '_blocks_json_check',
      hint = 'docs/blocks.schema.json describes them: at most 200, those in columns counted, and 256 kB.';
  end if;
  return new;
end
$$;
comment on function private.check_blocks() is 'Trigger: blocks_json is a list of the catalogue''s blocks.';
