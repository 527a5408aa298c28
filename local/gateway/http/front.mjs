// One origin in front of Auth, REST and Storage that run elsewhere (containers, `supabase start`), and of the functions:
// what hosted Supabase's own gateway does.
//   AUTH_URL, REST_URL, STORAGE_URL: what /auth/v1, /rest/v1 and /storage/v1 stand for; FUNCTIONS_URL: the functions' origin
//   SUPABASE_JWT_SECRET: with it, API keys become tokens of their roles, as servers without a gateway want them
//   SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY, PORT, HOST
import http from "node:http";
import { createProxy } from "./functions_proxy.mjs";
import { readLocalHosts, refuseOtherHosts } from "./local_requests.mjs";
import { logRequest } from "./log.mjs";
import { sendProblem } from "./problem.mjs";
import { isRealtime, realtimeOptions, refuseRealtime, serveRealtime } from "./realtime.mjs";
import { readRequestId } from "./request_id.mjs";
import { keyTranslation } from "../tokens/role_tokens.mjs";
import { fail, leaveOnSignal, listen } from "./server.mjs";
import { readPort } from "../settings.mjs";

const timeoutMs = 150_000;
const required = ["AUTH_URL", "REST_URL", "STORAGE_URL", "FUNCTIONS_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"];

function createFront(env) {
  const headers = keyTranslation({
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    secretKey: env.SUPABASE_SECRET_KEY,
    jwtSecret: env.SUPABASE_JWT_SECRET,
  });
  const services = ["auth", "rest", "storage"].map((name) => {
    const prefix = `/${name}/v1`;
    const url = new URL(env[`${name.toUpperCase()}_URL`]);
    const base = url.pathname.replace(/\/+$/, "");
    const rewrite = (request) => ({ path: `${base}${request.url.slice(prefix.length)}` || "/", headers: headers(request) });
    return { prefix, pass: createProxy(url.origin, timeoutMs, rewrite) };
  });
  services.push({ prefix: "/functions/v1", pass: createProxy(env.FUNCTIONS_URL, timeoutMs) });

  const localHosts = readLocalHosts(env);
  return http.createServer(realtimeOptions, (request, response) => {
    logRequest(request, response);
    if (refuseOtherHosts(request, response, localHosts)) return;
    const path = request.url.split("?", 1)[0];
    const service = services.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
    const requestId = readRequestId(request);
    if (service) return service.pass(request, response, requestId);
    if (isRealtime(request)) return refuseRealtime(request, response, requestId);
    if (path === "/_local/ready") return response.writeHead(200).end();
    return sendProblem(response, { status: 404, detail: "Nothing is served here.", code: "not_found", requestId });
  });
}

const problems = required.filter((name) => !process.env[name]).map((name) => `${name} is missing`);
const port = readPort(process.env, "54321", problems);
if (problems.length > 0) fail(`front: ${problems.join("; ")}`);
const server = createFront(process.env);
serveRealtime(server);
leaveOnSignal(server);
await listen(server, { host: process.env.HOST || "127.0.0.1", port, name: "front" });
