// In place of PostgREST, Auth or Storage in the CLI's managed stack: this repository's own, of which it passes on one path.
//   node slim_server.mjs SERVICE JOURNAL [ARGUMENT...], with the variables that the CLI gives to that server
// JOURNAL gets a JSON line for each start: service, arguments, environment.
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { appendFileSync, mkdtempSync } from "node:fs";
import http from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
// Of each server: the gateway's path, and the variables of its database, its secret and its ports.
const servers = {
  postgrest: ["rest", "PGRST_DB_URI", "PGRST_JWT_SECRET", "PGRST_SERVER_PORT", "PGRST_ADMIN_SERVER_PORT"],
  auth: ["auth", "GOTRUE_DB_DATABASE_URL", "GOTRUE_JWT_SECRET", "GOTRUE_API_PORT"],
  storage: ["storage", "DATABASE_URL", "AUTH_JWT_SECRET", "STORAGE_PORT"],
};
const health = ["/health", "/ready", "/status"];

/** The shared secret, also out of a JWK set, as PostgREST is given it. */
function readSecret(value) {
  if (!value.startsWith("{")) return value;
  const { k } = JSON.parse(value).keys.find(({ kty }) => kty === "oct");
  return Buffer.from(k, "base64url").toString();
}

function newSigningKey() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return JSON.stringify({ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "ES256" });
}

/** The gateway signs in as the owner of everything; the CLI gives each server a role of its own. */
function asPostgres(url) {
  const database = new URL(url);
  database.username = database.password = "postgres";
  return database.href;
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

const [service, journal, ...options] = process.argv.slice(2);
appendFileSync(journal, `${JSON.stringify([service, options, process.env])}\n`);
if (options.length > 0) process.exit(); // `auth migrate` and Storage's `prepare`: the tables are there
const [name, database, secret, ...ports] = servers[service];
const publishableKey = `sb_publishable_${randomUUID()}`;
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
const gateway = spawn(process.execPath, [path.join(root, "local/gateway/gateway.mjs")], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
  env: {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: String(port),
    DB_URL: asPostgres(process.env[database]),
    SUPABASE_JWT_SECRET: readSecret(process.env[secret]),
    SUPABASE_JWT_SIGNING_KEY: newSigningKey(),
    SUPABASE_PUBLISHABLE_KEY: publishableKey,
    SUPABASE_SECRET_KEY: `sb_secret_${randomUUID()}`,
    SUPABASE_URL: origin,
    SITE_URL: "http://127.0.0.1:3000",
    IDP_URL: "http://127.0.0.1:9",
    FUNCTIONS_URL: "http://127.0.0.1:9",
    CONFIG: path.join(root, "supabase/config.toml"),
    NODE_COMPILE_CACHE: path.join(root, "local/node_modules/.cache/node"),
    STORAGE_DIR: mkdtempSync(path.join(tmpdir(), "slim-storage-")),
  },
});
gateway.once("exit", (code) => process.exit(code ?? 1));
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => gateway.kill(signal));

/** The CLI's proxy puts a token in a key's place; the servers themselves know no keys, and the gateway wants its own. */
function ownHeaders(headers) {
  const dropped = ["apikey", "host", "connection"];
  const kept = headers.filter((_, i) => !dropped.includes(headers[i - (i % 2)].toLowerCase()));
  return [...kept, "apikey", publishableKey, "host", `127.0.0.1:${port}`];
}

function pass(request, response) {
  const target = {
    host: "127.0.0.1",
    port,
    method: request.method,
    path: health.includes(request.url) ? "/_local/ready" : `/${name}/v1${request.url}`,
    headers: ownHeaders(request.rawHeaders),
    // The gateway knows a caller's address by the connection; the front says it in a header, which the CLI's proxy keeps.
    localAddress: request.headers["cf-connecting-ip"] ?? "127.0.0.1",
  };
  const upstream = http.request(target, (answer) => {
    response.writeHead(answer.statusCode, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on("error", () => response.destroy());
  response.on("close", () => upstream.destroy());
  request.pipe(upstream);
}

for (const variable of ports.filter((one) => process.env[one])) {
  http.createServer(pass).listen(process.env[variable], "127.0.0.1");
}
