// Who asks: what a hosted project's gateway makes of the API key, and what Storage makes of the token.
import { apiKeyOf, roleOfKey } from "../tokens/api_keys.mjs";
import { accessDenied } from "./errors.mjs";
import { verifyToken } from "./tokens.mjs";

const roles = new Set(["anon", "authenticated", "service_role"]);

// What a browser opens by a plain link, and what a signed token opens.
const keyless = [
  [/^\/(object|render\/image)\/(public|sign)\/[^/]+\/./, ["GET", "HEAD"]],
  [/^\/object\/upload\/sign\//, ["PUT"]],
  [/^\/upload\/resumable\/sign(\/|$)/, ["POST", "PATCH", "HEAD", "DELETE"]],
  [/^\/(status|version|s3(\/.*)?)$/, ["GET", "HEAD"]],
];

const isKeyless = (method, path) =>
  method === "OPTIONS" || keyless.some(([pattern, methods]) => methods.includes(method) && pattern.test(path));

const bearerOf = (request) => request.headers.authorization?.replace(/^Bearer\s+/i, "") || undefined;

/** The gateway's refusal of a request without an API key, as a body; undefined when it may pass. */
export function refuseWithoutKey(request, settings) {
  const path = request.url.split("?", 1)[0];
  const key = apiKeyOf(request);
  if (!key) return isKeyless(request.method, path) ? undefined : { message: "No API key found in request" };
  const bearer = bearerOf(request);
  // What is no key of this kind and stands alone goes on as a token, and fails as one.
  const isToken = !key.startsWith("sb_") && (!bearer || bearer === key);
  if (roleOfKey(key, settings) || isToken) return undefined;
  return { message: "Invalid API key", hint: "Double check your Supabase `apikey`" };
}

const asRole = (role) => ({ role, claims: { role }, token: "", owner: undefined });

/** `{ role, claims, token, owner }` of the caller. Raises: AccessDenied, for a token that does not verify. */
export async function identify(request, settings) {
  const key = apiKeyOf(request);
  const bearer = bearerOf(request);
  const role = key && roleOfKey(key, settings);
  if (role && (!bearer || bearer === key || bearer.startsWith("sb_"))) return asRole(role);
  const token = bearer ?? key ?? "";
  const claims = await verifyToken(token, settings).catch((error) => {
    throw accessDenied(error.message);
  });
  const named = claims.role ?? "anon";
  if (!roles.has(named)) throw accessDenied(`permission denied to set role "${named}"`);
  return { role: named, claims: { ...claims, role: named }, token, owner: claims.sub };
}

/** The caller of a route that needs no token, and Storage itself where it does not ask the policies. */
export const serviceCaller = asRole("service_role");
export const anonCaller = asRole("anon");
