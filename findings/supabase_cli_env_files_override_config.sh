#!/usr/bin/env bash
# Supabase CLI 3.1.0: a variable SUPABASE_<SECTION>_<KEY>, exported or in an .env file beside supabase/ or in it, goes before
# what config.toml says, and `config push --yes` sends it to the hosted project. One would take config.toml, which is
# reviewed and committed, for what is deployed; a file for local work, which git ignores, changes production without a word
# in the diff of any commit. (The API here is a small server that answers as the CLI's schemas ask.)
# Seen: [api] max_rows = 1000 in config.toml, SUPABASE_API_MAX_ROWS=7 in supabase/.env: PATCH /postgrest {"max_rows":7}
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund supabase@3.1.0
cat > server.mjs <<'JAVASCRIPT'
import http from "node:http";
import { appendFileSync, writeFileSync } from "node:fs";

const ref = "abcdefghijklmnopqrst";
const api = { db_schema: "public", db_extra_search_path: "public", max_rows: 500 };
const pool = { db_pool: null, db_pool_acquisition_timeout: null, db_pool_max_lifetime: null, db_pool_max_idletime: null };
const database = { host: "db.example.com", version: "17", postgres_engine: "17", release_channel: "ga" };
const project = { id: ref, ref, name: "x", region: "eu-west-1", status: "ACTIVE_HEALTHY", organization_id: "o",
  organization_slug: "o", created_at: "2026-01-01T00:00:00Z", database };
const answers = {
  [`/v1/projects/${ref}`]: project,
  [`/v1/projects/${ref}/billing/addons`]: { selected_addons: [], available_addons: [] },
  [`/v2/projects/${ref}/config`]: { data: { type: "project_config", id: ref, attributes: { api } } },
  [`/v1/projects/${ref}/postgrest`]: { ...api, ...pool },
};
const server = http.createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (request.method === "PATCH") appendFileSync("sent", `PATCH /${request.url.split("/").pop()} ${body}\n`);
  response.setHeader("content-type", "application/json").end(JSON.stringify(answers[request.url] ?? {}));
});
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  writeFileSync("profile.yaml", `name: x\napi_url: ${url}\ndashboard_url: ${url}\nproject_host: supabase.co\n`);
});
JAVASCRIPT
node server.mjs &
server=$!
until [ -s profile.yaml ]; do sleep 0.1; done
mkdir supabase
printf '[api]\nmax_rows = 1000\n' > supabase/config.toml
printf 'SUPABASE_API_MAX_ROWS=7\n' > supabase/.env
env -i PATH="$PATH" HOME="$folder" SUPABASE_PROFILE="$folder/profile.yaml" SUPABASE_TELEMETRY_DISABLED=1 \
  SUPABASE_ACCESS_TOKEN="sbp_$(printf '0%.0s' {1..40})" \
  npx supabase config push --remote=abcdefghijklmnopqrst --yes > said 2>&1 || { cat said; exit 1; }
cat sent
test "$(cat sent)" = 'PATCH /postgrest {"max_rows":7}'
