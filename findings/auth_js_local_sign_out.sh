#!/usr/bin/env bash
# auth-js 2.119.1 (of supabase-js): signOut({ scope: "local" }), said to end the session of this client alone, asks Auth all
# the same (POST /logout?scope=local). Offline it removes the session and returns an error beside it: code that stops at the
# error leaves its user at a page for the signed-in, without a session. And after an account was deleted every client that
# signs out has a refused request in its console: nothing in the library only forgets.
# Seen: {"asked":["POST /logout?scope=local"],"offline":"AuthRetryableFetchError","kept":false}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @supabase/auth-js@2.119.1
seen=$(node --input-type=module <<'JAVASCRIPT'
import { AuthClient } from "@supabase/auth-js";

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const later = Math.floor(Date.now() / 1000) + 3600;
const session = {
  access_token: `${part({ alg: "HS256" })}.${part({ sub: "1", exp: later })}.${part("x")}`,
  refresh_token: "r", token_type: "bearer", expires_in: 3600, expires_at: later, user: { id: "1" },
};
const signOut = async (answer) => {
  const kept = new Map([["key", JSON.stringify(session)]]);
  const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
  const asked = [];
  const fetch = async (url, { method }) => {
    asked.push(`${method} ${new URL(url).pathname}${new URL(url).search}`);
    return answer();
  };
  const client = new AuthClient({ url: "http://127.0.0.1:9", storage, storageKey: "key", autoRefreshToken: false, fetch });
  const { error } = await client.signOut({ scope: "local" });
  return { asked, error: error?.name ?? null, kept: kept.has("key") };
};
const online = await signOut(async () => new Response(null, { status: 204 }));
const offline = await signOut(async () => { throw new TypeError("fetch failed"); });
console.log(JSON.stringify({ asked: online.asked, offline: offline.error, kept: offline.kept }));
JAVASCRIPT
)
echo "$seen"
test "$seen" = '{"asked":["POST /logout?scope=local"],"offline":"AuthRetryableFetchError","kept":false}'
