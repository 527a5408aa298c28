/** Who is signed in. */

import type { Session } from "@supabase/supabase-js";
import { navigate, redirect } from "../router.ts";
import { forgetAllStarted } from "./started_uploads.ts";
import { sessionKey, supabase } from "./supabase.ts";

export interface Me {
  id: string;
  username: string;
  email: string | null;
  avatar_url: string | null;
  tier: "free" | "paid";
}

let me: Promise<Me | null> | undefined;

supabase.auth.onAuthStateChange((event) => {
  if (event === "SIGNED_IN" || event === "SIGNED_OUT") me = undefined;
  if (event === "SIGNED_OUT") forgetAllStarted();
});

export async function session(): Promise<Session | null> {
  return (await supabase.auth.getSession()).data.session;
}

/** The caller's own profile; null where nobody is signed in. Kept until the session, or the profile, changes. */
export function whoAmI(): Promise<Me | null> {
  return (me ??= loadMe().catch((error: unknown) => {
    me = undefined; // what failed once may work the next time
    throw error;
  }));
}

export const forgetMe = (): void => void (me = undefined);

/** As `whoAmI`, but leads to sign-in, and back afterwards, where nobody is signed in. */
export async function requireMe(): Promise<Me> {
  const found = await whoAmI();
  if (found) return found;
  redirect(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  return new Promise(() => {}); // the page that asked is gone
}

export async function signIn(next: string): Promise<void> {
  const redirectTo = location.origin + next;
  const { error } = await supabase.auth.signInWithOAuth({ provider: "google", options: { redirectTo } });
  if (error) throw error;
}

export async function signOut(): Promise<void> {
  await supabase.auth.signOut();
  await navigate("/");
}

/** After the account was deleted: its session is gone with it, so that Auth has nothing left to sign out of. */
export function forgetSession(): void {
  localStorage.removeItem(sessionKey);
  forgetAllStarted();
  location.assign("/");
}

async function loadMe(): Promise<Me | null> {
  const current = await session();
  if (!current) return null;
  const { data } = await supabase
    .from("users").select("id, username, email, avatar_url, tier").eq("id", current.user.id).maybeSingle<Me>()
    .throwOnError();
  return data;
}
