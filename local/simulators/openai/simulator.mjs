// OpenAI's simulator. @copilotkit/aimock speaks OpenAI's protocol, with designs made from the request; this thin layer in
// front of it keeps the journal and does what aimock cannot do for one test alone: refusals, a 429 that does not say
// when to come back, a stream that breaks off after so many events, a call that was hung up on.
import { createServer } from "node:http";

import { LLMock } from "@copilotkit/aimock";

import { readLocalHosts, refuseOtherHosts, refuseOtherSites } from "../../gateway/http/local_requests.mjs";
import { leaveOnSignal, listen } from "../../gateway/http/server.mjs";
import { FaultRules } from "./behaviours.mjs";
import { control } from "./control.mjs";
import { answer } from "./designs.mjs";
import { fault } from "./faults.mjs";
import { forward } from "./forward.mjs";
import { Journal } from "./journal.mjs";
import { picture } from "./pictures.mjs";

const host = process.env.HOST || "127.0.0.1";
const port = Number(process.env.PORT || 54335);
const longestBody = 4 * 1024 * 1024;

const vendor = new LLMock({ host: "127.0.0.1", port: 0, chunkSize: 24, journalMaxEntries: 1, logLevel: "warn" });
vendor.addFixture({ match: { endpoint: "image" }, response: picture });
vendor.addFixture({ match: {}, response: answer });
await vendor.start();

const rules = new FaultRules();
const journal = new Journal();

const localHosts = readLocalHosts(process.env);
const server = createServer(async (request, response) => {
  if (refuseOtherHosts(request, response, localHosts) || refuseOtherSites(request, response)) return;
  const body = await read(request, response);
  if (body === undefined) return;
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/" || pathname.startsWith("/_simulator")) return control(request, response, body, rules, journal);

  const key = (request.headers.authorization || "").replace(/^Bearer /, "");
  journal.open(request, response, key ? body.replaceAll(key, "[redacted]") : body);
  const behaviour = rules.match(body, pathname);
  if (behaviour?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, behaviour.seconds * 1000));
  if (response.destroyed) return;
  if (fault(response, key, behaviour, body)) return;
  forward(vendor.url, request, response, body, key, behaviour);
});

async function read(request, response) {
  const parts = [];
  let size = 0;
  try {
    for await (const part of request) {
      size += part.length;
      if (size > longestBody) return void response.writeHead(413).end();
      parts.push(part);
    }
  } catch {
    return undefined; // the client has gone
  }
  return Buffer.concat(parts).toString("utf8");
}

leaveOnSignal(server, () => vendor.stop());
await listen(server, { host, port, name: "openai" });
