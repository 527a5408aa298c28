-- Settings and extensions of the database.

-- The schemas that PostgREST serves; the advisors read it, and skip nine of their checks without it.
do $$
begin
  execute format('alter database %I set pgrst.db_schemas = ''public''', current_database());
end
$$;

-- What every statement cost, for `supabase inspect db`; hosted projects have it. Not every PostgreSQL brings it along.
create schema if not exists extensions;
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_stat_statements') then
    create extension if not exists pg_stat_statements with schema extensions;
  end if;
end
$$;
