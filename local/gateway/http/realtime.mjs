// /realtime/v1. Realtime is a server in Elixir that comes by no registry `make up` can rely on, so there is none here. A client
// that got no answer would wait, and try again without end: each channel is refused, with the reason, as soon as it is joined.
// Phoenix's protocol, as https://supabase.com/docs/guides/realtime/protocol has it: an object in version 1.0.0, an array in 2.0.0.
import { WebSocketServer } from "ws";
import { sendProblem } from "./problem.mjs";
import { readRequestId } from "./request_id.mjs";

const path = /^\/realtime\/v1(\/|\?|$)/;
const maxMessageBytes = 64 * 1024;
const reason =
  "Realtime is not part of the local stack: read again instead, or try it on a Supabase project (docs/realtime.md).";

/** Whether a request is for Realtime. */
export const isRealtime = (request) => path.test(request.url);

/** Answers a request that is not for a WebSocket, such as a broadcast by HTTP. */
export const refuseRealtime = (request, response, requestId = readRequestId(request)) =>
  sendProblem(response, { status: 501, detail: reason, code: "realtime_unavailable", requestId });

const payloads = new Map([
  ["phx_join", { status: "error", response: { reason } }],
  ["phx_leave", { status: "ok", response: {} }],
  ["heartbeat", { status: "ok", response: {} }],
]);

/** The reply to a message; undefined where none is due, as to a broadcast. */
function replyTo(message) {
  if (Array.isArray(message)) {
    const [joinRef, ref, topic, event] = message;
    const payload = payloads.get(event);
    return payload && [joinRef, ref, topic, "phx_reply", payload];
  }
  const payload = payloads.get(message?.event);
  return payload && { topic: message.topic, event: "phx_reply", payload, ref: message.ref };
}

function read(data) {
  try {
    return JSON.parse(data);
  } catch {
    return undefined; // binary, or no message at all
  }
}

/** Options of an HTTP server that calls `serveRealtime`: any other upgrade that is offered (h2c) stays an ordinary request. */
export const realtimeOptions = { shouldUpgradeCallback: isRealtime };

/** Serves WebSockets below /realtime/v1. */
export function serveRealtime(server) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {}); // a message that is too large or no protocol: ws closes it
    socket.on("message", (data) => {
      const reply = replyTo(read(data));
      if (reply) socket.send(JSON.stringify(reply));
    });
  });
  server.on("upgrade", (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => sockets.emit("connection", socket, request));
  });
}
