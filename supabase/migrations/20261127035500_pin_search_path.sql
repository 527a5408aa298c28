-- An empty search_path still looks for types in pg_temp first: a caller who may make temporary objects could have a definer
-- function run their code (https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY).
-- With pg_temp named, and named last, nothing temporary comes before what the function means.
do $$
declare
  pinned_empty regprocedure;
begin
  for pinned_empty in
    select oid from pg_catalog.pg_proc
    where pronamespace in ('public'::regnamespace, 'private'::regnamespace) and 'search_path=""' = any (proconfig)
  loop
    execute pg_catalog.format('alter routine %s set search_path = pg_catalog, pg_temp', pinned_empty);
  end loop;
end
$$;

-- Nobody who reaches the database through the API makes temporary objects: a temporary type, table or operator could be taken
-- for one of ours. PostgreSQL grants TEMPORARY to PUBLIC by default.
do $$ begin execute pg_catalog.format('revoke temporary on database %I from public', pg_catalog.current_database()); end $$;
