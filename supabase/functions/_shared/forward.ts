// What every function here is: hosted Supabase's address of a Python handler. A request goes on to the handler as it came,
// its body unread, and the answer comes back as it is given.
import { report } from "./log.ts";
import { answerHeaders, onwardHeaders, requestId } from "./headers.ts";
import { isPreflight, preflight, Problem, respond } from "./problem.ts";
import { type Backend, connect } from "./backend.ts";
import { send } from "./send.ts";

/** What is particular about a function. */
export interface Ways {
  /** It takes its time: it is waited for as long as hosted Supabase waits for us. */
  slow?: boolean;
  /** Asking twice does no more than asking once, whatever the method: it is asked again if nothing answers. */
  repeatable?: boolean;
}

/** A request handler that passes everything below `/<name>` on to the backend. */
export function forward(name: string, ways: Ways = {}): (request: Request) => Promise<Response> {
  let backend: Backend | undefined;

  return async (request) => {
    const id = requestId(request.headers);
    if (isPreflight(request)) return preflight(id);
    try {
      backend ??= await connect();
      return await passOn(request, id, name, ways, backend);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("backend_unreachable", error);
      if (!request.signal.aborted) report(name, id, problem);
      return respond(problem, id);
    }
  };
}

async function passOn(request: Request, id: string, name: string, ways: Ways, backend: Backend): Promise<Response> {
  const path = pathBelow(name, new URL(request.url).pathname);
  const address = backend.address(path) + new URL(request.url).search;
  const headers = onwardHeaders(request.headers, id);
  for (const [header, value] of await backend.credentials(path)) headers.set(header, value);
  const patience = ways.slow ? backend.longPatience : backend.patience;
  const answer = await send(request, address, headers, { patience, repeatable: ways.repeatable ?? false });
  return new Response(answer.body, { status: answer.status, headers: answerHeaders(answer.headers, id) });
}

/** `webhooks/stripe` of `/webhooks/stripe`, which is all that hosted Supabase leaves of `/functions/v1/webhooks/stripe`. */
function pathBelow(name: string, pathname: string): string {
  const path = pathname.replace(/^\/functions\/v1(?=\/)/, "").replace(/^\/|\/$/g, "");
  // A name stands for its own handlers alone, and becomes part of an address: nothing but plain words.
  if (!`${path}/`.startsWith(`${name}/`) || !/^[A-Za-z]+(\/[A-Za-z]+)*$/.test(path)) throw new Problem("not_found");
  return path;
}
