// Errors of the gateway itself, as RFC 9457 problem details.
import { STATUS_CODES } from "node:http";

export function sendProblem(response, { status, detail, code, requestId }) {
  const title = STATUS_CODES[status];
  const error = `${code}: ${detail}`;
  const body = JSON.stringify({ type: "about:blank", title, status, detail, code, request_id: requestId, error });
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    "access-control-allow-origin": "*",
    "x-request-id": requestId,
    ...(status === 503 ? { "retry-after": "1" } : {}),
  });
  response.end(body);
}
