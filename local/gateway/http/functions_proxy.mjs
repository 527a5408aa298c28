// /functions/v1/* passed through to the functions byte by byte: nothing is buffered in either direction, so that streams
// stream, and a caller who leaves ends the work that was done for them.
import http from "node:http";
import { sendProblem } from "./problem.mjs";

const idleMs = 1000;

const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers as they came (order, case and repeats), without those that concern one connection only. */
function endToEnd(raw, connection = "") {
  const dropped = new Set([...hopByHop, ...connection.toLowerCase().split(",").map((name) => name.trim())]);
  const kept = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!dropped.has(raw[i].toLowerCase())) kept.push(raw[i], raw[i + 1]);
  }
  return kept;
}

const without = (headers, name) => headers.filter((_, i) => headers[i - (i % 2)].toLowerCase() !== name);

function upstreamHeaders(request, own, target, requestId) {
  const ours = ["host", "x-request-id", "cf-connecting-ip"];
  const headers = ours.reduce(without, endToEnd(own, request.headers.connection));
  headers.push("Host", target.host, "X-Request-Id", requestId);
  headers.push("X-Forwarded-Host", request.headers.host ?? "", "X-Forwarded-Proto", "http");
  headers.push("X-Forwarded-For", request.socket.remoteAddress ?? "");
  headers.push("CF-Connecting-IP", request.socket.remoteAddress ?? ""); // as hosted Supabase's edge does
  // A body of unknown length goes on in chunks, whatever the method.
  if (request.headers["transfer-encoding"]) headers.push("Transfer-Encoding", "chunked");
  return headers;
}

/** A request listener for everything below /functions/v1/. */
export const createFunctionsProxy = ({ functionsUrl, functionsTimeoutMs }) => createProxy(functionsUrl, functionsTimeoutMs);

/** A request listener that passes on to `url`; `rewrite` may give the path and the raw headers to pass on instead. */
export function createProxy(url, timeoutMs, rewrite = (request) => ({ path: request.url, headers: request.rawHeaders })) {
  const target = new URL(url);
  // The functions keep idle connections for two seconds: ours go before, so that none is closed under a request.
  const agent = new http.Agent({ keepAlive: true, timeout: idleMs });

  return function proxy(request, response, requestId) {
    const passed = rewrite(request);
    const upstream = http.request({
      agent,
      host: target.hostname,
      port: target.port || 80,
      method: request.method,
      path: passed.path,
      headers: upstreamHeaders(request, passed.headers, target, requestId),
    });
    const timer = setTimeout(() => upstream.destroy(new Error("timeout")), timeoutMs);

    upstream.on("response", (answer) => {
      clearTimeout(timer);
      let headers = endToEnd(answer.rawHeaders, answer.headers.connection);
      if (!answer.headers["x-request-id"]) headers = [...headers, "X-Request-Id", requestId];
      response.writeHead(answer.statusCode, answer.statusMessage, headers);
      response.flushHeaders(); // an event stream may say nothing for a while
      answer.pipe(response);
      answer.on("error", () => response.destroy());
    });
    upstream.on("error", (error) => {
      clearTimeout(timer);
      request.unpipe(upstream);
      request.resume(); // the caller may still be sending
      if (response.headersSent || response.destroyed) return response.destroy();
      const late = error.message === "timeout";
      const detail = late ? "The function did not answer in time." : "The functions cannot be reached.";
      return sendProblem(response, { status: late ? 504 : 503, detail, code: "function_unavailable", requestId });
    });
    response.on("close", () => {
      clearTimeout(timer);
      if (!response.writableFinished) upstream.destroy();
    });
    request.pipe(upstream);
  };
}
