#!/usr/bin/env bash
# auth-js 2.119.1: an answer 500 of Auth is a network error to it. A database trigger that refuses an account is answered 500
# {"code": "unexpected_failure", "message": ...}; auth-js gives AuthRetryableFetchError with the message and no `code`, although
# the answer names one and repeating the call cannot help. `isAuthRetryableFetchError` is true, so apps that ask it try again.
# Seen: 422 AuthApiError email_exists; 500 AuthRetryableFetchError undefined "Database error saving new user"
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund @supabase/auth-js@2.119.1 >/dev/null
cat > see.mjs <<'NODE'
import http from "node:http";
import { AuthClient } from "@supabase/auth-js";

const answers = {
  422: { code: "email_exists", message: "A user with this email address has already been registered" },
  500: { code: "unexpected_failure", message: "Database error saving new user" },
};
let status = 422;
const server = http.createServer((request, response) => {
  const headers = { "content-type": "application/json", "x-supabase-api-version": "2024-01-01" };
  response.writeHead(status, headers).end(JSON.stringify(answers[status]));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const auth = new AuthClient({ url: `http://127.0.0.1:${server.address().port}`, autoRefreshToken: false });
const seen = [];
for (status of [422, 500]) {
  const { error } = await auth.signUp({ email: "a@example.com", password: "correct horse" });
  seen.push(`${status} ${error.name} ${error.code}${status === 500 ? ` "${error.message}"` : ""}`);
}
console.log(seen.join("; "));
server.closeAllConnections();
server.close();
process.exit(0);
NODE
seen=$(node see.mjs)
echo "$seen"
test "$seen" = '422 AuthApiError email_exists; 500 AuthRetryableFetchError undefined "Database error saving new user"'
