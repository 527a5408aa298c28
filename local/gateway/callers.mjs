// Who asks, where Supabase Lite does not see to it: the API key and the token, judged and refused as it does for REST.
import { createHmac, timingSafeEqual } from "node:crypto";

const refusal = (body) => ({ response: Response.json(body, { status: 401 }) });
const unauthorized = (code, message) => refusal({ code, message, details: null, hint: null });

const sameKey = (given, key) => {
  const [left, right] = [given, key].map((text) => createHmac("sha256", "same length").update(text).digest());
  return timingSafeEqual(left, right);
};

function decode(part) {
  try {
    return JSON.parse(Buffer.from(part, "base64url"));
  } catch {
    return null;
  }
}

// PostgREST's `allowedSkewSeconds`, for exp, nbf and iat alike.
export const leewaySeconds = 30;

function isSigned([header, payload, signature], secret) {
  const expected = createHmac("sha256", secret).update(`${header}.${payload}`).digest();
  const given = Buffer.from(signature, "base64url");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** The claims of a token, or the refusal. */
export function readToken(token, secret) {
  const parts = token.split(".");
  if (parts.length !== 3) return unauthorized("PGRST301", `Expected 3 parts in JWT; got ${parts.length}`);
  const [header, claims] = parts.slice(0, 2).map(decode);
  const trusted = header?.alg === "HS256" && !header.crit && claims && isSigned(parts, secret);
  if (!trusted) return unauthorized("PGRST301", "No suitable key or wrong key type");
  const now = Math.floor(Date.now() / 1000);
  if (claims.exp < now - leewaySeconds) return unauthorized("PGRST303", "JWT expired");
  if (claims.nbf > now + leewaySeconds) return unauthorized("PGRST303", "JWT not yet valid");
  if (claims.iat > now + leewaySeconds) return unauthorized("PGRST303", "JWT issued at future");
  return { claims };
}

/** `{ claims }` of the caller, whose `role` is one of the three; or `{ response }`, the refusal. */
export function identify(request, { publishableKey, secretKey, jwtSecret }) {
  const key = request.headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey");
  if (!key) {
    const hint = "No `apikey` request header or url param was found.";
    return refusal({ message: "No API key found in request", hint });
  }
  const isSecret = sameKey(key, secretKey);
  if (!isSecret && !sameKey(key, publishableKey)) {
    return refusal({ message: "Invalid API key", hint: "Double check your Supabase `apikey`" });
  }
  if (isSecret && /^\s*Mozilla\/5\.0/i.test(request.headers.get("user-agent") ?? "")) {
    return refusal({ message: "Forbidden use of secret API key in browser" });
  }
  const token = request.headers.get("authorization")?.match(/^Bearer\s+(.+)$/i)?.[1];
  if (!token || token === key || token.startsWith("sb_")) return { claims: { role: isSecret ? "service_role" : "anon" } };
  const read = readToken(token, jwtSecret);
  if (read.response) return read;
  const role = read.claims.role || "anon";
  if (!["anon", "authenticated", "service_role"].includes(role)) {
    return unauthorized("22023", `role "${role}" does not exist`);
  }
  return { claims: { ...read.claims, role } };
}
