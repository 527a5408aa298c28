-- What a hosted Supabase project has before the first migration, for a plain PostgreSQL 15 to 18.
-- Order: getAuthSchemaSql('postgres') and getStorageSchemaSql('postgres') of @supabase/lite, then this file and
-- platform_tables.sql, then the migrations. Run it as the owner of the database; it may be run again at any time before the
-- migrations.

-- Roles. service_role passes over row-level security; authenticator is what PostgREST signs in as.
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

-- Auth. GoTrue's table has instance_id; Supabase Lite's has not, and the seed is the same for both.
alter table auth.users add column if not exists instance_id uuid;
-- Supabase Lite would fail a sign-in whose address is longer than 255 characters; what becomes of it is for ours to say.
alter table auth.users alter column email type text;
alter table auth.identities alter column email type text;
grant usage on schema auth to anon, authenticated, service_role;
grant all on schema auth to supabase_auth_admin;
grant all on all tables in schema auth to supabase_auth_admin;

-- Who is asking: PostgREST sets request.jwt.claims, older servers one setting for each claim.
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;
create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

-- Storage: every role may do everything, and row-level security decides.
grant usage on schema storage to anon, authenticated, service_role;
grant all on schema storage to supabase_storage_admin;
grant all on storage.buckets, storage.objects to anon, authenticated, service_role, supabase_storage_admin;

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
