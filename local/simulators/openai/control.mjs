// The control side, as all simulators have it:
// GET    /_simulator             what it received and does (?subject=... once or more; ?limit=... requests)
// PUT    /_simulator/behaviours  {"<subject>": [{"kind": ...}, ...], ...}: replaces those subjects' behaviours
// DELETE /_simulator/behaviours  ?subject=... or all of them
// DELETE /_simulator/requests    forgets what was received
import { kinds } from "./behaviours.mjs";
import { page } from "./page.mjs";

const about =
  "Answers chat completions, images and moderations as api.openai.com does. Designs are made from the request's " +
  "content and style. Subjects are texts that a request contains, and `*`.";

export function control(request, response, body, rules, journal) {
  const url = new URL(request.url, "http://localhost");
  switch (`${request.method} ${url.pathname}`) {
    case "GET /":
      return response.writeHead(302, { location: "/_simulator" }).end();
    case "GET /_simulator":
      return show(request, response, url.searchParams, rules, journal);
    case "PUT /_simulator/behaviours": {
      const problem = rules.put(parsed(body));
      return json(response, problem ? 422 : 200, problem ? { error: problem } : rules);
    }
    case "DELETE /_simulator/behaviours":
      rules.remove(url.searchParams.get("subject"));
      return response.writeHead(204).end();
    case "DELETE /_simulator/requests":
      journal.clear();
      return response.writeHead(204).end();
    default:
      return json(response, 404, { error: "no such control" });
  }
}

function show(request, response, parameters, rules, journal) {
  const asked = parameters.getAll("subject");
  const found = (asked.length > 0 ? asked : ["*"]).flatMap((subject) => journal.about(subject));
  const state = {
    simulator: "OpenAI",
    about,
    counts: Object.fromEntries(["*", ...asked].map((subject) => [subject, journal.about(subject).length])),
    behaviours: rules,
    kinds: Object.fromEntries(Object.entries(kinds).map(([kind, { about: does }]) => [kind, does])),
    requests: [...new Set(found)].slice(-Number(parameters.get("limit") || 50)).reverse(),
  };
  if (!(request.headers.accept || "").includes("text/html")) return json(response, 200, state);
  return response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page(state));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export function json(response, status, value, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}
