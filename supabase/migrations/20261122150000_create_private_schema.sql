-- The schema that the API does not serve, and the functions that several tables share.

create schema private;
comment on schema private is
  'Not served by the API: people''s addresses, what only handlers use, and trigger functions.';

-- updated_at tells when a row changed, whatever a client sends.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Trigger: keeps updated_at.';

-- A row keeps its id and its owner, for every role: row-level security alone would let service_role move it, and column
-- grants alone would refuse an upsert that repeats the same values.
create function private.keep_owner() returns trigger
language plpgsql set search_path = '' as $$
begin
  raise exception 'The id and the owner of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_owner() is 'Trigger: refuses a change of id or user_id.';

-- The front end renders each block by its type: anything else in the list would break a page.
create function private.is_block_list(blocks jsonb) returns boolean
language sql immutable parallel safe set search_path = '' as $$
  select case
    when jsonb_typeof(blocks) is distinct from 'array' then false
    when jsonb_array_length(blocks) > 200 or octet_length(blocks::text) > 262144 then false
    else not exists (
      select from jsonb_array_elements(blocks) as block
      where jsonb_typeof(block) <> 'object'
        or jsonb_typeof(block -> 'type') is distinct from 'string'
        or char_length(block ->> 'type') not between 1 and 64
    )
  end
$$;
comment on function private.is_block_list(jsonb) is
  'Whether this is an array of at most 200 objects (256 kB), each with a type.';

-- The schema's door: views and policies of public call functions in here, and the hook of Auth lives here.
grant usage on schema private to anon, authenticated, service_role, supabase_auth_admin;

-- Trigger functions are called by no role; new functions are open to everybody until they are closed.
revoke all on function private.touch_updated_at() from public;
revoke all on function private.keep_owner() from public;

-- A CHECK runs with the rights of who writes the row.
revoke all on function private.is_block_list(jsonb) from public;
grant execute on function private.is_block_list(jsonb) to authenticated, service_role;
