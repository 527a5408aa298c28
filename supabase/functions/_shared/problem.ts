// Our own answers: problem documents (RFC 9457) of the shape that the handlers use, and CORS preflights.

// As in functions/showcase/http.py.
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, x-client-info, apikey, content-type, x-retry-count, " +
    "traceparent, tracestate, baggage, sentry-trace, x-request-id",
  "access-control-expose-headers": "x-request-id, server-timing, retry-after, ratelimit-limit, ratelimit-remaining, " +
    "ratelimit-reset",
};

const PROBLEMS = {
  not_found: [404, "Not Found", "There is no function of that name."],
  backend_unreachable: [502, "Bad Gateway", "The functions cannot be reached right now. Please try again in a moment."],
  not_configured: [503, "Service Unavailable", "This function is not configured here."],
  backend_timeout: [504, "Gateway Timeout", "The function did not answer in time."],
} as const;

/** Why there is no answer from a handler. The cause is for the log alone. */
export class Problem extends Error {
  /** `retryAfter`: after how many seconds it is worth another try, where that is known. */
  constructor(
    readonly code: keyof typeof PROBLEMS,
    override readonly cause: unknown = undefined,
    readonly retryAfter?: number,
  ) {
    super(code);
  }
}

export function respond({ code, retryAfter }: Problem, id: string): Response {
  const [status, title, detail] = PROBLEMS[code];
  const body = { type: "about:blank", title, status, detail, code, request_id: id, error: `${code}: ${detail}` };
  const headers = { ...CORS, "content-type": "application/problem+json", "cache-control": "no-store" };
  const again: Record<string, string> = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
  return new Response(JSON.stringify(body), { status, headers: { ...headers, ...again, "x-request-id": id } });
}

/** Whether a browser asks, before a request, if the page may make it. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("origin") && headers.has("access-control-request-method");
}

/** Answered here: the backend need not be awake for it, and a page can read our problems even where it is down. */
export function preflight(id: string): Response {
  const allowed = { "access-control-allow-methods": "GET, POST, OPTIONS", "access-control-max-age": "86400" };
  return new Response(null, { status: 204, headers: { ...CORS, ...allowed, "x-request-id": id } });
}
