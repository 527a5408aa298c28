// Hands a request to aimock, and its answer back, event by event where it is a stream.
import { request as call } from "node:http";

/** What the answer shall be travels in the body: aimock gives it to the function that makes the answer. */
export function forward(vendorUrl, request, response, body, key, behaviour) {
  const { host, "content-length": length, ...headers } = request.headers; // of the other connection
  const upstream = call(`${vendorUrl}${request.url}`, { method: request.method, headers }, (answer) => {
    pass(answer, response, behaviour).catch(() => response.destroy());
  });
  upstream.on("error", () => response.destroy());
  response.once("close", () => upstream.destroy());
  upstream.end(request.method === "POST" ? withBehaviour(body, key, behaviour) : body);
}

function withBehaviour(body, key, behaviour) {
  try {
    return JSON.stringify({ ...JSON.parse(body), _behaviour: behaviour ?? null, _key: key });
  } catch {
    return body;
  }
}

async function pass(answer, response, behaviour) {
  response.writeHead(answer.statusCode, answer.headers).flushHeaders();
  if (!(answer.headers["content-type"] || "").includes("text/event-stream")) return void answer.pipe(response);
  let number = 0;
  let rest = "";
  for await (const part of answer.setEncoding("utf8")) {
    rest += part;
    const events = rest.split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (behaviour?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, behaviour.seconds * 1000));
      if (response.destroyed) return;
      number += 1;
      if (!(await sent(response, event, number, behaviour))) return;
    }
  }
  response.end();
}

/** Whether the stream goes on after this event. */
async function sent(response, event, number, behaviour) {
  const after = behaviour?.events ?? 10;
  if (behaviour?.kind === "dropped" && number > after) {
    await new Promise((resolve) => setTimeout(resolve, 20)); // what was written before is on its way
    response.destroy();
    return false;
  }
  if (behaviour?.kind === "broken_stream" && number > after) {
    response.end("data: {not json\n\n");
    return false;
  }
  if (behaviour?.kind === "stream_error" && number > after) {
    response.end('data: {"error":{"message":"The server had an error.","type":"server_error","code":null}}\n\n');
    return false;
  }
  if (behaviour?.kind === "no_usage" && event.includes('"total_tokens"')) return true;
  response.write(`${event}\n\n`);
  return true;
}
