-- Triggers need no grant; the two for operators are called as the owner of the database, in the SQL editor.
revoke all on function private.require_own_google_account() from public;
revoke all on function private.keep_google_id() from public;
revoke all on function private.no_address(uuid) from public;
revoke all on function private.release_address(uuid) from public;
revoke all on function private.set_address(uuid, text, boolean) from public;
revoke all on function private.update_email() from public;
revoke all on function private.follow_identity() from public;
revoke all on function private.replace_google_account(uuid, text) from public;
