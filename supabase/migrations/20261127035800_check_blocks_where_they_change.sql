-- A layout of the largest size took one to two seconds to check, also when it was only renamed: the check is a trigger now, which
-- runs where the blocks change, and a page has at most 200 blocks, those in columns counted.
alter table public.templates drop constraint templates_blocks_json_check;
alter table public.layouts drop constraint layouts_blocks_json_check;

create or replace function private.is_block_list(blocks jsonb) returns boolean
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

create trigger check_added_blocks before insert on public.templates
  for each row execute function private.check_blocks();
create trigger check_changed_blocks before update on public.templates
  for each row when (old.blocks_json is distinct from new.blocks_json) execute function private.check_blocks();

create trigger check_added_blocks before insert on public.layouts
  for each row execute function private.check_blocks();
create trigger check_changed_blocks before update on public.layouts
  for each row when (old.blocks_json is distinct from new.blocks_json) execute function private.check_blocks();

revoke all on function private.check_blocks() from public, anon, authenticated, service_role;
