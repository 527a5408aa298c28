// Which requests a server of this machine takes: those that name it as it is named here. A page of another site can make a
// browser send requests to loopback, under its own site's name where that leads here (DNS rebinding).
import { sendProblem } from "./problem.mjs";
import { readRequestId } from "./request_id.mjs";

const loopback = ["127.0.0.1", "localhost", "[::1]"];
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
const unknownHost = { status: 421, code: "unknown_host", detail: "This server answers to its own address and to LOCAL_HOSTS." };
const crossSite = { status: 403, code: "cross_site", detail: "No other site's page may send this." };

/** The names of `LOCAL_HOSTS`, separated by commas, e.g. `showcase.test:8080`, and of these URLs. */
export function readLocalHosts(env, urls = []) {
  const listed = (env.LOCAL_HOSTS ?? "").split(",").map((name) => name.trim().toLowerCase());
  return new Set([...listed, ...urls.filter(Boolean).map((url) => new URL(url).host)].filter(Boolean));
}

/** Answers 421 to a request for another host; whether it did. */
export function refuseOtherHosts(request, response, localHosts) {
  const host = (request.headers.host ?? "").toLowerCase();
  const own = loopback.some((name) => host === `${name}:${request.socket.localPort}`);
  return own || localHosts.has(host) ? false : refuse(request, response, unknownHost);
}

/** Answers 403 to what a page of another site sends, save for what only reads; whether it did. */
export function refuseOtherSites(request, response) {
  const { origin, host, "sec-fetch-site": site = "none" } = request.headers;
  const own = ["same-origin", "none"].includes(site) && (origin === undefined || origin === `http://${host}`);
  return own || safeMethods.has(request.method) ? false : refuse(request, response, crossSite);
}

function refuse(request, response, problem) {
  request.resume();
  sendProblem(response, { ...problem, requestId: readRequestId(request) });
  return true;
}
