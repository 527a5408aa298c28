// Which headers pass on the way to a handler and back.

// Of one connection, not of the message (RFC 9110, section 7.6.1).
const HOP_BY_HOP = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

// What only we may tell the backend, and what others before us say about the caller's connection: no handler reads it, and
// anybody can send it. The rest of the list belongs to hosted Supabase's own way here.
const NOT_ONWARD = [
  "host",
  "x-functions-backend-secret",
  "x-serverless-authorization",
  "forwarded",
  "via",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cdn-loop",
  "x-deno-subhost",
];
const NOT_ONWARD_PREFIXES = ["x-forwarded-", "x-envoy-", "x-goog-", "x-appengine-", "cf-", "sb-"];

// What a proxy before the backend says about itself.
const NOT_BACK = ["alt-svc", "date", "server", "via"];

/** The caller's id for this request where it is a plain word, else a new one; as the handlers see it. */
export function requestId(headers: Headers): string {
  const given = headers.get("x-request-id") ?? "";
  return /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}

/** A request's headers for the backend. */
export function onwardHeaders(given: Headers, id: string): Headers {
  const headers = without(given, NOT_ONWARD);
  for (const name of [...headers.keys()]) {
    if (NOT_ONWARD_PREFIXES.some((prefix) => name.startsWith(prefix))) headers.delete(name);
  }
  headers.set("x-request-id", id);
  // Asked for compressed, fetch may unpack an answer and still call it packed; hosted Supabase packs it for the caller.
  headers.set("accept-encoding", "identity");
  return headers;
}

/** An answer's headers for the caller. */
export function answerHeaders(given: Headers, id: string): Headers {
  const headers = without(given, NOT_BACK);
  if (!headers.has("x-request-id")) headers.set("x-request-id", id);
  return headers;
}

function without(given: Headers, names: string[]): Headers {
  const headers = new Headers(given);
  const named = (given.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...names, ...named.filter(isName)]) headers.delete(name);
  return headers;
}

const isName = (name: string) => /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name);
