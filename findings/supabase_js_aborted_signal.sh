#!/usr/bin/env bash
# functions.invoke of supabase-js 2.119.1 (functions-js) passes over a signal that was aborted before the call where `timeout` is
# given too: it listens for the event `abort`, which such a signal has had already, and the function is called all the same.
# Without `timeout` the call is refused, as by fetch. AbortSignal.any([signal, AbortSignal.timeout(ms)]) does what one expects.
# Seen: without timeout: calls 0, error FunctionsFetchError; with timeout: calls 1, error none
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @supabase/functions-js@2.119.1 >/dev/null
cat >check.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { FunctionsClient } from "@supabase/functions-js";

let calls = 0;
const server = createServer((_, response) => {
  calls += 1;
  response.setHeader("content-type", "application/json").end("{}");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new FunctionsClient(`http://127.0.0.1:${server.address().port}`);
const seen = [];
for (const [name, options] of [["without timeout", {}], ["with timeout", { timeout: 5000 }]]) {
  calls = 0;
  const { error } = await client.invoke("hello", { signal: AbortSignal.abort(), ...options });
  seen.push(`${name}: calls ${calls}, error ${error?.name ?? "none"}`);
}
console.log(seen.join("; "));
server.close();
JAVASCRIPT
seen=$(node check.mjs)
echo "$seen"
test "$seen" = "without timeout: calls 0, error FunctionsFetchError; with timeout: calls 1, error none"
