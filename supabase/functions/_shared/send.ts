// One request to the backend: with a time limit, ended when the caller leaves, and made once more where that is harmless.
import { Problem } from "./problem.ts";

const PAUSE = 500; // milliseconds before the second attempt
const KEPT_BODY = 64 * 1024; // bytes; a larger body is never sent twice

const KEPT_CONNECTION = 1_000; // milliseconds; gunicorn closes an idle one after two seconds, maybe under a request

interface Terms {
  /** How long the answer may take to begin, in milliseconds: both attempts together. */
  patience: number;
  /** Whether a request that is no GET may be made twice. */
  repeatable: boolean;
}

/**
 * The backend's answer, its body still to come.
 *
 * A request is made twice only if the first attempt had no answer from a handler, its method or its function says that
 * twice is as good as once, and its body is small enough to have been kept. Everything else is the caller's to repeat: a
 * webhook's sender does, and knows what it has sent.
 *
 * Throws a `Problem`: `backend_unreachable` (no handler answered) or `backend_timeout`.
 */
export async function send(request: Request, address: string, headers: Headers, terms: Terms): Promise<Response> {
  const impatience = new AbortController();
  const timer = setTimeout(() => impatience.abort(new Problem("backend_timeout")), terms.patience);
  const signal = AbortSignal.any([request.signal, impatience.signal]);
  try {
    const { body, attempts } = await prepare(request, terms.repeatable);
    if (body === null) headers.delete("content-length"); // what it counted is not sent
    const init = { method: request.method, headers, body, signal, client: connections(), redirect: "manual" } as const;
    for (let attempt = 1;; attempt++) {
      try {
        return byHandler(await fetch(address, init));
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= attempts) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      signal.throwIfAborted();
    }
  } finally {
    clearTimeout(timer); // an answer that has begun may take as long as it likes
  }
}

/** Every handler answers with a request id: an error without one comes from something before them. */
function byHandler(answer: Response): Response {
  if (answer.headers.has("x-request-id") || (answer.status >= 200 && answer.status < 400)) return answer;
  void answer.body?.cancel().catch(() => {});
  throw new Problem("backend_unreachable", `${answer.status}, but not by a handler`);
}

let pool: Deno.HttpClient | undefined;

/** A runtime that lets nobody choose keeps connections as it likes. */
function connections(): Deno.HttpClient | undefined {
  return pool ??= Deno.createHttpClient?.({ poolIdleTimeout: KEPT_CONNECTION });
}

async function prepare({ method, headers, body }: Request, repeatable: boolean) {
  if (["GET", "HEAD", "OPTIONS"].includes(method)) return { body: null, attempts: 2 };
  const small = Number(headers.get("content-length") ?? "NaN") <= KEPT_BODY;
  // Through a stream of our own, which fetch cannot rewind: it would send a body that it holds again, by itself.
  if (!small || !repeatable) {
    return { body: (body ?? new Blob().stream()).pipeThrough(new TransformStream()), attempts: 1 };
  }
  return { body: await new Response(body).arrayBuffer(), attempts: 2 };
}
