// One origin for everything a client calls, with hosted Supabase's paths: Auth, REST, Storage, GraphQL
// and the functions.
//   node gateway.mjs    (settings.mjs names the variables)
import http from "node:http";
import { getRequestListener } from "@hono/node-server";
import { startAuth } from "./auth/server.mjs";
import { fileSizeLimitOf, readConfiguration } from "./configuration.mjs";
import { allowAnyOrigin, answerPreflight, isPreflight } from "./http/cors.mjs";
import { createFunctionsProxy } from "./http/functions_proxy.mjs";
import { lazyGraphql } from "./graphql.mjs";
import { refuseOtherHosts } from "./http/local_requests.mjs";
import { log, logRequest, quietConsole } from "./http/log.mjs";
import { createPostgrestProxy } from "./http/postgrest_proxy.mjs";
import { sendProblem } from "./http/problem.mjs";
import { isRealtime, realtimeOptions, refuseRealtime, serveRealtime } from "./http/realtime.mjs";
import { readRequestId } from "./http/request_id.mjs";
import { watchSchema } from "./schema_watch.mjs";
import { fail, leaveOnSignal, listen } from "./http/server.mjs";
import { readSettings } from "./settings.mjs";
import { startRest } from "./rest.mjs";
import { startSite } from "./http/site.mjs";
import { startStorage } from "./storage/server.mjs";

const authPath = /^\/auth\/v1(\/|\?|$)/;
const graphqlPath = /^\/graphql\/v1\/?(\?|$)/;
const restPath = /^\/rest\/v1(\/|\?|$)/;
const storagePath = /^\/storage\/v1(\/|\?|$)/;
const functionsPath = /^\/functions\/v1\//;
// As much as PostgREST's server takes: `id=in.(...)` grows long.
const maxHeaderSize = 50 * 1024;

function createGateway(settings, { auth, graphql, rest, storage }) {
  const answerGraphql = getRequestListener((request) => graphql.fetch(request), {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false, // it would cut the connection of anyone who still sends a body that was refused
  });
  const proxyFunction = createFunctionsProxy(settings);
  const proxyRest = settings.restUrl ? createPostgrestProxy(settings) : undefined;

  async function answerReady(response, requestId) {
    if (!(rest.isReady && (await auth.isReady()))) {
      const detail = "The database cannot be reached yet.";
      return sendProblem(response, { status: 503, detail, code: "database_unavailable", requestId });
    }
    response.writeHead(200, { "content-type": "application/json" });
    return response.end(JSON.stringify({ status: "ready" }));
  }

  return http.createServer({ maxHeaderSize, ...realtimeOptions }, (request, response) => {
    logRequest(request, response);
    if (refuseOtherHosts(request, response, settings.localHosts)) return;
    const requestId = readRequestId(request);
    if (functionsPath.test(request.url)) return proxyFunction(request, response, requestId);
    if (proxyRest && restPath.test(request.url)) return proxyRest(request, response, requestId);
    if (isRealtime(request)) return refuseRealtime(request, response, requestId);
    if (request.url.split("?", 1)[0] === "/_local/ready") return answerReady(response, requestId);
    const [isAuth, isGraphql, isRest, isStorage] = [authPath, graphqlPath, restPath, storagePath].map((path) =>
      path.test(request.url),
    );
    if (!isAuth && !isGraphql && !isRest && !isStorage) {
      return sendProblem(response, { status: 404, detail: "Nothing is served here.", code: "not_found", requestId });
    }
    response.setHeader("x-request-id", requestId);
    response.on("finish", () => request.resume());
    if (isStorage && !storage.leaves(request)) return storage.handle(request, response);
    if (isPreflight(request)) return answerPreflight(request, response);
    if (isAuth) return auth.handle(request, response);
    allowAnyOrigin(response);
    return isGraphql ? answerGraphql(request, response) : rest.handle(request, response);
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
  const auth = await startAuth({ settings, configuration, log });
  const graphql = lazyGraphql(settings);
  const rest = startRest(settings, configuration);
  const storage = await startStorage({ settings, fileSizeLimit: fileSizeLimitOf(configuration), log });
  const watch = watchSchema(settings.databaseUrl, () => Promise.all([rest.reload(), graphql.reload()]));
  return { auth, graphql, rest, storage, watch };
}

const services = await start().catch((error) => fail(`gateway: ${error.message}`));
const server = createGateway(settings, services);
if (settings.siteFolder) {
  const { siteUrl: url, siteFolder: folder, supabaseUrl, publishableKey } = settings;
  services.site = await startSite({ url, folder, supabaseUrl, publishableKey, log });
}
serveRealtime(server);
leaveOnSignal(server, () => Promise.all(Object.values(services).map((service) => service.stop())));
await listen(server, { host: settings.host, port: settings.port, name: "gateway" });
