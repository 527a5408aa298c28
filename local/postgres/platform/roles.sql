-- Roles, and what they may do in `public`.
-- service_role passes over row-level security; authenticator is what PostgREST signs in as.
do $$
declare
  wanted text;
begin
  foreach wanted in array array[
    'anon nologin noinherit', 'authenticated nologin noinherit', 'service_role nologin noinherit bypassrls',
    'authenticator login noinherit', 'supabase_auth_admin nologin noinherit', 'supabase_storage_admin nologin noinherit'
  ] loop
    if to_regrole(split_part(wanted, ' ', 1)) is null then
      execute 'create role ' || wanted;
    end if;
  end loop;
end
$$;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to supabase_storage_admin;

-- How long a statement of a caller may take: PostgREST sets it for each transaction of the role.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';

-- Default privileges: what a migration makes in public is open to the API's roles until the migration says otherwise.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
