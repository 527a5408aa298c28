// Supabase Lite allows clocks no difference; Auth and Storage read no iat, and PostgREST allows one of 30 seconds.
import { signToken } from "./sign_token.mjs";

/** The claims of a token that holds; undefined of any other, which is for Supabase Lite to refuse. */
function claimsOf(token, readToken) {
  try {
    return readToken(token).claims;
  } catch {
    return undefined;
  }
}

/** The request, with a token that is valid by PostgREST's leeway alone replaced by one that Supabase Lite takes. */
export function withLeeway(request, readToken, secret) {
  const token = request.headers.get("authorization")?.match(/^Bearer\s+(\S+)$/i)?.[1];
  const claims = token && claimsOf(token, readToken);
  if (!claims) return request;
  const now = Math.floor(Date.now() / 1000);
  const early = ["iat", "nbf"].filter((name) => claims[name] > now);
  if (early.length === 0) return request;
  const moved = Object.fromEntries(early.map((name) => [name, now]));
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${signToken({ ...claims, ...moved }, secret)}`);
  const { url, method, body } = request;
  return new Request(url, { method, headers, body, duplex: "half" });
}
