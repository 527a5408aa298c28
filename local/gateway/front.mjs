// One origin in front of Auth, REST and Storage that run elsewhere (containers, `supabase start`), and of the functions:
// what hosted Supabase's own gateway does.
//   AUTH_URL, REST_URL, STORAGE_URL: what /auth/v1, /rest/v1 and /storage/v1 stand for; FUNCTIONS_URL: the functions' origin
//   SUPABASE_JWT_SECRET: with it, API keys become tokens of their roles, as servers without a gateway want them
//   SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY, PORT, HOST
import { createHmac } from "node:crypto";
import http from "node:http";
import { createProxy } from "./functions_proxy.mjs";
import { logRequest } from "./log.mjs";
import { sendProblem } from "./problem.mjs";
import { readRequestId } from "./request_id.mjs";
import { fail, leaveOnSignal, listen } from "./server.mjs";
import { readPort } from "./settings.mjs";

const timeoutMs = 150_000;
const required = ["AUTH_URL", "REST_URL", "STORAGE_URL", "FUNCTIONS_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"];

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function roleToken(role, secret) {
  const text = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url({ role, iss: "supabase", exp: 4102444800 })}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** The request's headers, with an API key's role for its token where the caller brings no token of their own. */
function keyTranslation(env) {
  const roles = new Map([
    [env.SUPABASE_PUBLISHABLE_KEY, "anon"],
    [env.SUPABASE_SECRET_KEY, "service_role"],
  ]);
  return (request) => {
    const bearer = request.headers.authorization?.replace(/^Bearer\s+/i, "");
    const key = roles.has(bearer) || !bearer ? (bearer ?? request.headers.apikey) : undefined;
    if (!env.SUPABASE_JWT_SECRET || !roles.has(key)) return request.rawHeaders;
    const token = roleToken(roles.get(key), env.SUPABASE_JWT_SECRET);
    const kept = request.rawHeaders.filter((_, i, all) => !/^(authorization|apikey)$/i.test(all[i - (i % 2)]));
    return [...kept, "Authorization", `Bearer ${token}`, "apikey", token];
  };
}

function createFront(env) {
  const headers = keyTranslation(env);
  const services = ["auth", "rest", "storage"].map((name) => {
    const prefix = `/${name}/v1`;
    const url = new URL(env[`${name.toUpperCase()}_URL`]);
    const base = url.pathname.replace(/\/+$/, "");
    const rewrite = (request) => ({ path: `${base}${request.url.slice(prefix.length)}` || "/", headers: headers(request) });
    return { prefix, pass: createProxy(url.origin, timeoutMs, rewrite) };
  });
  services.push({ prefix: "/functions/v1", pass: createProxy(env.FUNCTIONS_URL, timeoutMs) });

  return http.createServer((request, response) => {
    logRequest(request, response);
    const path = request.url.split("?", 1)[0];
    const service = services.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
    const requestId = readRequestId(request);
    if (service) return service.pass(request, response, requestId);
    if (path === "/_local/ready") return response.writeHead(200).end();
    return sendProblem(response, { status: 404, detail: "Nothing is served here.", code: "not_found", requestId });
  });
}

const problems = required.filter((name) => !process.env[name]).map((name) => `${name} is missing`);
const port = readPort(process.env, "54321", problems);
if (problems.length > 0) fail(`front: ${problems.join("; ")}`);
const server = createFront(process.env);
leaveOnSignal(server);
await listen(server, { host: process.env.HOST || "127.0.0.1", port, name: "front" });
