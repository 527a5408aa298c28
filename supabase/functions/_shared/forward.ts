// What every function here is: hosted Supabase's address of a Python handler. A request goes on to the handler as it came,
// its body unread, and the answer comes back as it is given.
import { report } from "./log.ts";
import { answerHeaders, onwardHeaders, requestId } from "./headers.ts";
import { isPreflight, preflight, Problem, respond } from "./problem.ts";
import { type Backend, connect } from "./backend.ts";
import { send } from "./send.ts";

/** How requests to a function are forwarded. */
export interface RouteOptions {
  /** The longer timeout: as long as hosted Supabase waits for an Edge Function. */
  longRunning?: boolean;
  /** Idempotent whatever the method (RFC 9110, 9.2.2): retried if nothing answers. */
  idempotent?: boolean;
  /** The handlers under its name (`webhooks/stripe`), where it has no handler itself. */
  subpaths?: string[];
}

/** A request handler that passes on to the backend what is for the handler of this name, or those under it. */
export function forward(name: string, options: RouteOptions = {}): (request: Request) => Promise<Response> {
  const paths = options.subpaths?.map((one) => `${name}/${one}`) ?? [name];
  let backend: Backend | undefined;

  return async (request) => {
    const id = requestId(request.headers);
    if (isPreflight(request)) return preflight(id);
    try {
      const path = pathOf(request, paths);
      backend ??= await connect();
      return await passOn(request, id, path, options, backend);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("backend_unreachable", error);
      if (!request.signal.aborted && problem.code !== "not_found") report(name, id, problem);
      return respond(problem, id);
    }
  };
}

async function passOn(
  request: Request,
  id: string,
  path: string,
  options: RouteOptions,
  backend: Backend,
): Promise<Response> {
  const address = backend.address(path) + new URL(request.url).search;
  const headers = onwardHeaders(request.headers, id);
  for (const [header, value] of await backend.credentials(path)) headers.set(header, value);
  const timeout = options.longRunning ? backend.longTimeout : backend.timeout;
  const answer = await send(request, address, headers, { timeout, idempotent: options.idempotent ?? false });
  return new Response(answer.body, { status: answer.status, headers: answerHeaders(answer.headers, id) });
}

/** `webhooks/stripe` of `/webhooks/stripe`, which is all that hosted Supabase leaves of `/functions/v1/webhooks/stripe`. */
function pathOf(request: Request, paths: string[]): string {
  const path = new URL(request.url).pathname.replace(/^\/functions\/v1(?=\/)/, "").replace(/^\/|\/$/g, "");
  // It becomes part of an address, and of whom a token is for: nothing that anybody may choose.
  if (!paths.includes(path)) throw new Problem("not_found");
  return path;
}
