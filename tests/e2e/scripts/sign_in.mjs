// Sign in with Google by supabase-js (PKCE), refresh, read one's own row, sign out.
import { browse, client, main, outcome } from "./supabase.mjs";

await main(async ({ url, key, hint, redirectTo, site }) => {
  const supabase = client(url, key);
  const { data: start, error } = await supabase.auth.signInWithOAuth({
    provider: "google",
    options: { redirectTo, skipBrowserRedirect: true, queryParams: { login_hint: hint } },
  });
  if (error) throw error;
  const back = await browse(start.url, site);
  const session = await supabase.auth.exchangeCodeForSession(back.searchParams.get("code"));
  if (session.error) throw session.error;
  const user = await supabase.auth.getUser();
  const refreshed = await supabase.auth.refreshSession();
  const own = await supabase.from("users").select("id,email,google_id,username,avatar_url,tier").eq("id", user.data.user.id).single();
  const signedOut = await supabase.auth.signOut();
  const afterwards = await supabase.auth.getUser(refreshed.data.session.access_token);
  return {
    landed: back.origin + back.pathname,
    user: user.data.user,
    tokens: [session.data.session.refresh_token, refreshed.data.session?.refresh_token],
    own: outcome(own),
    signOutError: signedOut.error?.message ?? null,
    afterwards: afterwards.error?.name ?? null,
  };
});
