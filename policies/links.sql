-- Called by the trigger alone.
revoke all on function private.link_parts(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_github_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_twitter_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_linkedin_link(text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_web_link(text) from public, anon, authenticated, service_role;
revoke all on function private.link_advice(text, text) from public, anon, authenticated, service_role;
revoke all on function private.canonical_link(text, text) from public, anon, authenticated, service_role;
revoke all on function private.canonicalize_links() from public, anon, authenticated, service_role;
