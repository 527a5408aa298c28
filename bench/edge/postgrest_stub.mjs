// Answers like a PostgREST that has nothing to look up: the same body for one path, so that what asks it is the limit.
//   node postgrest_stub.mjs PORT < {"/rest/v1/rpc/NAME": body, ...}
// A path without an answer is a 404 with PostgREST's body for an unknown function.
import http from "node:http";
import { json } from "node:stream/consumers";

const bodies = new Map(Object.entries(await json(process.stdin)).map(([path, body]) => [path, Buffer.from(JSON.stringify(body))]));
const unknown = Buffer.from(JSON.stringify({ code: "PGRST202", message: "Could not find the function", details: null, hint: null }));

http.createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
  request.resume();
  request.on("end", () => {
    const body = bodies.get(request.url.split("?", 1)[0]);
    response.writeHead(body ? 200 : 404, {
      "content-type": "application/json; charset=utf-8",
      "content-length": (body ?? unknown).length,
    });
    response.end(body ?? unknown);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
