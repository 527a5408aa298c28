// Sends prepared HTTP/1.1 requests over so many connections, each one request after the other, and reads no more of an answer
// than where it ends: it takes a small part of the processor beside the server that is measured.
//   node load_generator.mjs < {"host", "port", "connections", "seconds" or "requests", "prepared": [{method, path, headers, body}]}
// Prints {"answered", "seconds", "statuses": {"200": n, ...}, "milliseconds": [p50, p95, p99]}.
import net from "node:net";
import { text } from "node:stream/consumers";

const { host, port, connections, seconds = Infinity, requests = Infinity, prepared } = JSON.parse(await text(process.stdin));
const messages = prepared.map(({ method, path, headers = {}, body = "" }) => {
  const lines = Object.entries({ host: `${host}:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body ? `content-length: ${Buffer.byteLength(body)}\r\n` : "";
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}${length}\r\n${body}`);
});

const statuses = {};
const times = [];
const started = performance.now();
const until = started + seconds * 1000;
let sent = 0;

/** Where the answer at the start of `data` ends; undefined while it is not whole. */
function endOf(data) {
  const head = data.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const headers = data.toString("latin1", 0, head).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(headers);
  if (length) return data.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : undefined;
  if (!headers.includes("transfer-encoding: chunked")) return head + 4;
  const last = data.indexOf("\r\n0\r\n\r\n", head + 2);
  return last < 0 ? undefined : last + 7;
}

function connect() {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true });
    let data = Buffer.alloc(0);
    let begun;
    const next = () => {
      if (sent >= requests || performance.now() >= until) return resolve(socket.end());
      begun = performance.now();
      socket.write(messages[sent++ % messages.length]);
    };
    socket.on("connect", next);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed a connection")));
    socket.on("data", (part) => {
      data = data.length ? Buffer.concat([data, part]) : part;
      const end = endOf(data);
      if (end === undefined) return;
      const status = data.toString("latin1", 9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      times.push(performance.now() - begun);
      data = data.subarray(end);
      next();
    });
  });
}

await Promise.all(Array.from({ length: connections }, connect));
const elapsed = (performance.now() - started) / 1000;
times.sort((a, b) => a - b);
const quantile = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
console.log(JSON.stringify({
  answered: times.length,
  seconds: elapsed,
  statuses,
  milliseconds: [quantile(0.5), quantile(0.95), quantile(0.99)],
}));
