// Supabase Lite allows clocks no difference; PostgREST allows one of 30 seconds, and Auth and Storage read no iat.
import { createHmac } from "node:crypto";
import { readToken } from "./callers.mjs";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function sign(claims, secret) {
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** The request, with a token that is valid by PostgREST's leeway alone replaced by one that Supabase Lite takes. */
export function withLeeway(request, secret) {
  const token = request.headers.get("authorization")?.match(/^Bearer\s+(\S+)$/i)?.[1];
  const { claims } = token ? readToken(token, secret) : {};
  if (!claims) return request;
  const now = Math.floor(Date.now() / 1000);
  const early = ["iat", "nbf"].filter((name) => claims[name] > now);
  const moved = Object.fromEntries(early.map((name) => [name, now]));
  if (claims.exp <= now && new URL(request.url).pathname.startsWith("/rest/v1/")) moved.exp = now + 1;
  if (Object.keys(moved).length === 0) return request;
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${sign({ ...claims, ...moved }, secret)}`);
  const { url, method, body } = request;
  return new Request(url, { method, headers, body, duplex: "half" });
}
