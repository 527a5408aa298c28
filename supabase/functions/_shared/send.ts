// One request to the backend: with a time limit, ended when the caller leaves, and made again where that is harmless.
import { Problem } from "./problem.ts";

const PAUSE = 500; // milliseconds before the second attempt
const KEPT_BODY = 64 * 1024; // bytes; a larger body is never sent twice

const KEPT_CONNECTION = 1_000; // milliseconds; gunicorn closes an idle one after two seconds, maybe under a request

interface Terms {
  /** How long the answer may take to begin, in milliseconds: all attempts together. */
  timeout: number;
  /** Whether a request that is no GET may be made twice. */
  idempotent: boolean;
}

/**
 * The backend's answer, its body still to come.
 *
 * A request is made twice only if the first attempt had no answer from a handler, its method or its function says that
 * twice is as good as once, and its body is small enough to have been kept. Everything else is the caller's to repeat: a
 * webhook's sender does, and knows what it has sent.
 *
 * A platform that is still starting the handlers says when to come again: until then the request waits, as often as the
 * time limit allows, because no handler has begun with it.
 *
 * Throws a `Problem`: `backend_unreachable` (no handler answered) or `backend_timeout`.
 */
export async function send(request: Request, address: string, headers: Headers, terms: Terms): Promise<Response> {
  const deadline = Date.now() + terms.timeout;
  const timeouts = new AbortController();
  const timer = setTimeout(() => timeouts.abort(new Problem("backend_timeout")), terms.timeout);
  const signal = AbortSignal.any([request.signal, timeouts.signal]);
  try {
    const { body, kept, idempotent } = await prepare(request, terms.idempotent);
    if (isRead(request)) headers.delete("content-length"); // what it counted is not sent
    const init = { method: request.method, headers, signal, client: connections(), redirect: "manual" } as const;
    for (let failures = 0;;) {
      let pause = PAUSE;
      try {
        const answer = await fetch(address, { ...init, body: body() });
        const delay = startDelay(answer, idempotent);
        if (delay === undefined) return byHandler(answer);
        discard(answer);
        if (!kept || Date.now() + delay >= deadline) {
          throw new Problem("backend_unreachable", `${answer.status}, still starting`, Math.ceil(delay / 1000));
        }
        pause = delay;
      } catch (error) {
        signal.throwIfAborted();
        const isStarting = error instanceof Problem && error.retryAfter !== undefined;
        if (isStarting || !kept || !idempotent || ++failures > 1) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      signal.throwIfAborted();
    }
  } finally {
    clearTimeout(timer); // an answer that has begun may take as long as it likes
  }
}

/** Every handler answers with a request id: an error without one comes from something before them. */
function byHandler(answer: Response): Response {
  if (answer.headers.has("x-request-id") || (answer.status >= 200 && answer.status < 400)) return answer;
  discard(answer);
  throw new Problem("backend_unreachable", `${answer.status}, but not by a handler`);
}

function discard(answer: Response): void {
  void answer.body?.cancel().catch(() => {});
}

/**
 * How many milliseconds a platform that is still starting the handlers asks us to wait; undefined for any other answer.
 *
 * 503 says that nothing was done with the request (RFC 9110, 15.6.4), so it may be made again whatever it is. Another 5xx
 * may come after a handler has begun: again only what is as good twice as once.
 */
function startDelay(answer: Response, idempotent: boolean): number | undefined {
  const reported = answer.headers.get("retry-after");
  if (reported === null || answer.headers.has("x-request-id") || answer.status < 500) return;
  if (answer.status !== 503 && !idempotent) return;
  const delay = /^[0-9]+$/.test(reported) ? Number(reported) * 1000 : Date.parse(reported) - Date.now();
  return Number.isNaN(delay) ? undefined : Math.max(delay, PAUSE);
}

let pool: Deno.HttpClient | undefined;

/** A runtime that lets nobody choose keeps connections as it likes. */
function connections(): Deno.HttpClient | undefined {
  return pool ??= Deno.createHttpClient?.({ poolIdleTimeout: KEPT_CONNECTION });
}

const isRead = ({ method }: Request) => ["GET", "HEAD", "OPTIONS"].includes(method);

/** The body for each attempt, whether there may be a second one, and whether it may follow one that failed. */
async function prepare(request: Request, idempotent: boolean) {
  if (isRead(request)) return { body: () => null, kept: true, idempotent: true };
  // Through a stream of our own, which fetch cannot rewind: it would send a body that it holds again, by itself.
  const once = (body: ReadableStream | null) => (body ?? new Blob().stream()).pipeThrough(new TransformStream());
  const small = Number(request.headers.get("content-length") ?? "NaN") <= KEPT_BODY;
  if (!small) return { body: () => once(request.body), kept: false, idempotent: false };
  const bytes = await new Response(request.body).arrayBuffer();
  return { body: () => idempotent ? bytes : once(new Blob([bytes]).stream()), kept: true, idempotent };
}
