// The gateway's settings, read once from the environment. Every missing or malformed variable is reported in one line.
import { createKeySet } from "./tokens/key_set.ts";

import { readLocalHosts } from "./http/local_requests.mjs";

const required = [
  "DB_URL",
  "IDP_URL",
  "FUNCTIONS_URL",
  "CONFIG",
  "STORAGE_DIR",
  "SUPABASE_URL",
  "SUPABASE_PUBLISHABLE_KEY",
  "SUPABASE_SECRET_KEY",
  "SUPABASE_JWT_SECRET",
  "SUPABASE_JWT_SIGNING_KEY",
  "SITE_URL",
];
const urls = ["DB_URL", "IDP_URL", "FUNCTIONS_URL", "SUPABASE_URL", "SITE_URL"];

/** A port number out of `PORT`, or `fallback`; 0 lets the operating system choose. */
export function readPort(env, fallback, problems) {
  const port = Number(env.PORT || fallback);
  if (!Number.isInteger(port) || port < 0 || port > 65535) problems.push(`PORT is not a port number: ${env.PORT}`);
  return port;
}

function readTokenKeys(env, problems) {
  try {
    return createKeySet({ jwtSecret: env.SUPABASE_JWT_SECRET, signingKey: env.SUPABASE_JWT_SIGNING_KEY });
  } catch {
    return problems.push("SUPABASE_JWT_SIGNING_KEY is not a private P-256 key with a kid, as a JWK");
  }
}

export function readSettings(env) {
  const problems = [];
  const missing = required.filter((name) => !env[name]);
  if (missing.length > 0) problems.push(`missing ${missing.join(", ")}`);
  for (const name of urls) if (env[name] && !URL.canParse(env[name])) problems.push(`${name} is not a URL`);
  const port = readPort(env, "54321", problems);
  const tokenKeys = missing.length > 0 ? undefined : readTokenKeys(env, problems);
  if (problems.length > 0) throw new Error(problems.join("; "));

  const origin = (name) => env[name].replace(/\/+$/, "");
  return Object.freeze({
    databaseUrl: env.DB_URL,
    identityProviderUrl: origin("IDP_URL"),
    functionsUrl: origin("FUNCTIONS_URL"),
    restUrl: env.REST_URL ?? "", // a PostgREST; empty: the gateway answers itself
    // Hosted functions are cut off after 150 seconds without an answer.
    functionsTimeoutMs: Number(env.FUNCTIONS_TIMEOUT_MS || 150_000),
    host: env.HOST || "127.0.0.1",
    port,
    configPath: env.CONFIG,
    storageDir: env.STORAGE_DIR,
    publishableKey: env.SUPABASE_PUBLISHABLE_KEY,
    secretKey: env.SUPABASE_SECRET_KEY,
    jwtSecret: env.SUPABASE_JWT_SECRET,
    tokenKeys,
    issuer: `${origin("SUPABASE_URL")}/auth/v1`,
    siteUrl: origin("SITE_URL"),
    siteFolder: env.SITE_FOLDER ?? "", // the built files of a site to serve at SITE_URL; empty: none
    supabaseUrl: env.SUPABASE_URL || `http://${env.HOST || "127.0.0.1"}:${port}`, // as browsers reach the gateway
    localHosts: readLocalHosts(env, [env.SUPABASE_URL]),
  });
}
