// A simulator of Google: an OpenID provider whose signed ID tokens are of test users.
//   PORT=54324 node identity_provider.mjs
// /authorize shows a page to choose from; with login_hint=<Google id or e-mail address> it goes on by itself.
// GET /people lists them; POST /people {"sub": ..., "email": ..., "name": ..., "picture": ..., any other claim} adds one, or
// changes the one with that sub. Anyone who can reach it can be anybody: it listens on loopback.
import http from "node:http";
import { OAuth2Issuer, OAuth2Service } from "oauth2-mock-server";
import { chooserPage } from "./chooser_page.mjs";
import { readLocalHosts, refuseOtherHosts, refuseOtherSites } from "../http/local_requests.mjs";
import { log, logRequest } from "../http/log.mjs";
import { createUsers } from "./test_users.mjs";
import { fail, leaveOnSignal, listen } from "../http/server.mjs";
import { readPort } from "../settings.mjs";

const issuer = "https://accounts.google.com"; // what Supabase Auth expects in Google's tokens
const codesKept = 1000;

async function createService(users) {
  const oauth = new OAuth2Issuer();
  oauth.url = issuer;
  await oauth.keys.generate("RS256");
  const service = new OAuth2Service(oauth);
  const chosen = new Map(); // authorisation code -> sub

  service.on("beforeAuthorizeRedirect", ({ url }, request) => {
    chosen.set(url.searchParams.get("code"), users.find(request.query.login_hint).sub);
    if (chosen.size > codesKept) chosen.delete(chosen.keys().next().value);
  });
  service.on("beforeTokenSigning", ({ payload }, request) => {
    const user = users.get(chosen.get(request.body.code));
    if (user) Object.assign(payload, { email_verified: true, azp: payload.aud }, user);
  });
  // A code that was never given, or that is used again: refused, as by Google.
  service.on("beforeResponse", (answer, request) => {
    if (request.body.grant_type === "authorization_code" && !chosen.delete(request.body.code)) {
      Object.assign(answer, { statusCode: 400, body: { error: "invalid_grant", error_description: "Bad Request" } });
    }
  });
  return service;
}

const send = (response, status, type, body) => {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(body);
};
const sendJson = (response, status, value) => send(response, status, "application/json", JSON.stringify(value));

async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

async function addUser(users, request, response) {
  const user = await readJson(request).catch(() => null);
  if (!user || typeof user.sub !== "string" || user.sub === "") {
    return sendJson(response, 400, { error: "A user is a JSON object with a sub." });
  }
  users.add(user);
  return sendJson(response, 201, user);
}

function refuseChoice(response, url) {
  const back = url.searchParams.get("redirect_uri");
  if (!back || !URL.canParse(back)) return send(response, 400, "text/plain", "redirect_uri is missing or not a URL\n");
  const target = new URL(back);
  target.searchParams.set("error", "access_denied");
  target.searchParams.set("state", url.searchParams.get("state") ?? "");
  response.writeHead(302, { location: target.href });
  return response.end();
}

function createProvider(users, service, localHosts) {
  return http.createServer((request, response) => {
    logRequest(request, response);
    if (refuseOtherHosts(request, response, localHosts) || refuseOtherSites(request, response)) return;
    const url = new URL(request.url, "http://localhost");
    if (url.pathname === "/") return sendJson(response, 200, { issuer, users: users.all().length });
    if (url.pathname === "/people" && request.method === "GET") return sendJson(response, 200, users.all());
    if (url.pathname === "/people" && request.method === "POST") return addUser(users, request, response);
    if (url.pathname === "/authorize") {
      const hint = url.searchParams.get("login_hint");
      if (!hint) return send(response, 200, "text/html; charset=utf-8", chooserPage(users.all(), url.searchParams));
      if (!users.find(hint)) return refuseChoice(response, url);
    }
    return service.requestHandler(request, response);
  });
}

const problems = [];
const port = readPort(process.env, "54324", problems);
if (problems.length > 0) fail(`identity provider: ${problems.join("; ")}`);
const users = createUsers();
const server = createProvider(users, await createService(users), readLocalHosts(process.env));
leaveOnSignal(server);
await listen(server, { host: process.env.HOST || "127.0.0.1", port, name: "identity provider" });
log(`signs in ${users.all().length} test users`);
