-- The schema's door: views and policies of public call functions in here, and the hook of Auth lives here.
grant usage on schema private to anon, authenticated, service_role, supabase_auth_admin;

-- Trigger functions are called by no role; new functions are open to everybody until they are closed, one by one: a default of a
-- schema cannot take EXECUTE from PUBLIC, and a global one would change each function that the project's operator makes.
revoke all on function private.touch_updated_at() from public;
revoke all on function private.keep_owner() from public;
revoke all on function private.keep_created_at() from public;
