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
