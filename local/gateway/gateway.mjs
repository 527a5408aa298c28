// One origin for everything a client calls, with hosted Supabase's paths: Auth, REST, Storage, GraphQL
// and the functions.
//   node gateway.mjs    (settings.mjs names the variables)
import http from "node:http";
import { getRequestListener } from "@hono/node-server";
import { fileSizeLimitOf, readConfiguration } from "./configuration.mjs";
import { createFunctionsProxy } from "./functions_proxy.mjs";
import { log, logRequest, quietConsole } from "./log.mjs";
import { createPostgrestProxy } from "./postgrest_proxy.mjs";
import { sendProblem } from "./problem.mjs";
import { readRequestId } from "./request_id.mjs";
import { fail, leaveOnSignal, listen } from "./server.mjs";
import { readSettings } from "./settings.mjs";
import { startStorage } from "./storage/server.mjs";
import { startSupabase } from "./supabase.mjs";

const supabasePath = /^\/(auth|rest|graphql)\/v1(\/|\?|$)/;
const storagePath = /^\/storage\/v1(\/|\?|$)/;
const restPath = /^\/rest\/v1(\/|\?|$)/;
const functionsPath = /^\/functions\/v1\//;

function createGateway(settings, supabase, storage) {
  const answerSupabase = getRequestListener((request) => supabase.fetch(request), {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false, // it would cut the connection of whoever still sends a body that was refused
  });
  const proxyFunction = createFunctionsProxy(settings);
  const proxyRest = settings.restUrl ? createPostgrestProxy(settings) : undefined;

  async function answerReady(response, requestId) {
    if (!(await supabase.isReady())) {
      const detail = "The database cannot be reached yet.";
      return sendProblem(response, { status: 503, detail, code: "database_unavailable", requestId });
    }
    response.writeHead(200, { "content-type": "application/json" });
    return response.end(JSON.stringify({ status: "ready" }));
  }

  return http.createServer((request, response) => {
    logRequest(request, response);
    const requestId = readRequestId(request);
    if (functionsPath.test(request.url)) return proxyFunction(request, response, requestId);
    if (proxyRest && restPath.test(request.url)) return proxyRest(request, response, requestId);
    if (request.url.split("?", 1)[0] === "/_local/ready") return answerReady(response, requestId);
    const isStorage = storagePath.test(request.url);
    if (!isStorage && !supabasePath.test(request.url)) {
      return sendProblem(response, { status: 404, detail: "Nothing is served here.", code: "not_found", requestId });
    }
    response.setHeader("x-request-id", requestId);
    response.on("finish", () => request.resume());
    // Preflights are answered for all of them alike.
    return isStorage && !storage.leaves(request) ? storage.handle(request, response) : answerSupabase(request, response);
  });
}

quietConsole();
const settings = (() => {
  try {
    return readSettings(process.env);
  } catch (error) {
    return fail(`gateway: ${error.message}`);
  }
})();

async function start() {
  const configuration = await readConfiguration(settings.configPath);
  const supabase = await startSupabase(settings, configuration);
  const storage = await startStorage({ settings, fileSizeLimit: fileSizeLimitOf(configuration), log });
  return { supabase, storage };
}

const { supabase, storage } = await start().catch((error) => fail(`gateway: ${error.message}`));
const server = createGateway(settings, supabase, storage);
leaveOnSignal(server, () => Promise.all([supabase.stop(), storage.stop()]));
await listen(server, { host: settings.host, port: settings.port, name: "gateway" });
