/** The one client. Its two settings stand in index.html, so that one build serves every environment. */

import { createClient } from "@supabase/supabase-js";
import type { Database } from "$types/database.ts";

function setting(name: string): string {
  const content = document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
  if (!content || content.startsWith("%")) throw new Error(`${name} is not set: see .env.example.`);
  return content;
}

export const supabaseUrl = setting("supabase-url");

/** Where the browser keeps the session. */
export const sessionKey = "showcase-session";

export const supabase = createClient<Database>(supabaseUrl, setting("supabase-publishable-key"), {
  auth: { flowType: "pkce", storageKey: sessionKey },
});
