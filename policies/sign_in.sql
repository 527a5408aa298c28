-- Triggers need no grant, and nobody else has a reason to call these.
revoke all on function private.slug(text, int) from public;
revoke all on function private.picture_from(jsonb) from public;
revoke all on function private.create_profile() from public;
revoke all on function private.update_picture() from public;

-- Auth calls its hook as itself.
revoke all on function private.before_user_created(jsonb) from public;
grant execute on function private.before_user_created(jsonb) to supabase_auth_admin;
