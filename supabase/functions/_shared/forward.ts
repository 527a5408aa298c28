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
  /** The handlers below its name, where it has no handler itself. */
  below?: string[];
}

/** A request handler that passes on to the backend what is for the handler of this name, or those below it. */
export function forward(name: string, ways: Ways = {}): (request: Request) => Promise<Response> {
  const paths = ways.below?.map((one) => `${name}/${one}`) ?? [name];
  let backend: Backend | undefined;

  return async (request) => {
    const id = requestId(request.headers);
    if (isPreflight(request)) return preflight(id);
    try {
      const path = pathOf(request, paths);
      backend ??= await connect();
      return await passOn(request, id, path, ways, backend);
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem("backend_unreachable", error);
      if (!request.signal.aborted && problem.code !== "not_found") report(name, id, problem);
      return respond(problem, id);
    }
  };
}

async function passOn(request: Request, id: string, path: string, ways: Ways, backend: Backend): Promise<Response> {
  const address = backend.address(path) + new URL(request.url).search;
  const headers = onwardHeaders(request.headers, id);
  for (const [header, value] of await backend.credentials(path)) headers.set(header, value);
  const patience = ways.slow ? backend.longPatience : backend.patience;
  const answer = await send(request, address, headers, { patience, repeatable: ways.repeatable ?? false });
  return new Response(answer.body, { status: answer.status, headers: answerHeaders(answer.headers, id) });
}

/** `webhooks/stripe` of `/webhooks/stripe`, which is all that hosted Supabase leaves of `/functions/v1/webhooks/stripe`. */
function pathOf(request: Request, paths: string[]): string {
  const path = new URL(request.url).pathname.replace(/^\/functions\/v1(?=\/)/, "").replace(/^\/|\/$/g, "");
  // It becomes part of an address, and of whom a token is for: nothing that anybody may choose.
  if (!paths.includes(path)) throw new Problem("not_found");
  return path;
}
