-- The schema that the API does not serve, and the functions that several tables share.

create schema private;
comment on schema private is
  'Not served by the API: users'' addresses, what only handlers use, and trigger functions.';

-- Nobody who reaches the database through the API makes temporary objects: a temporary type, table or operator could be taken
-- for one of ours. PostgreSQL grants TEMPORARY to PUBLIC by default.
do $$ begin execute pg_catalog.format('revoke temporary on database %I from public', pg_catalog.current_database()); end $$;

-- What GraphQL (pg_graphql) makes of the tables: names as JavaScript has them, pages of 100 rows at most, and no listing of
-- the schema to any caller. Directives in the comments of tables and foreign keys name the rest; docs/graphql.md explains.
comment on schema public is
  e'Showcase\nPeople, their projects, and what those earn on other platforms.\n'
  '@graphql({"inflect_names": true, "max_rows": 100, "introspection": false})';

-- updated_at is when a row changed, whatever a client sends.
create function private.touch_updated_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is 'Trigger: keeps updated_at.';

-- Users send back the times that they read; handlers and the demo rows may say when something was made.
create function private.keep_created_at() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    new.created_at := old.created_at;
  else
    new.created_at := now();
  end if;
  return new;
end
$$;
comment on function private.keep_created_at() is 'Trigger: created_at is when a row was added.';

-- A row keeps its id and its owner, for every role: row-level security alone would let service_role move it, and column
-- grants alone would refuse an upsert that repeats the same values.
create function private.keep_owner() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception 'The id and the owner of a row in % cannot be changed.', tg_table_name
    using errcode = 'insufficient_privilege';
end
$$;
comment on function private.keep_owner() is 'Trigger: refuses a change of id or user_id.';
