// Who asks: the API key that a hosted project's gateway wants, and the access token that Auth does.
import { errors, jwtVerify } from "jose";
import { apiKeyOf, bearerOf, roleOfKey } from "../tokens/api_keys.mjs";
import { ALGORITHMS } from "../tokens/key_set.ts";
import { AuthError, badRequest, forbidden, unauthorized } from "./errors.mjs";
import { checkSession, findSession } from "./sessions.mjs";
import { findUser, isBanned } from "./users.mjs";

// What a browser opens by a link, and what verifies tokens.
const keyless = /^\/(authorize|callback|verify|\.well-known\/.+)$/;

/** The gateway's refusal of a request without an API key, as a body; undefined when it may pass. */
export function refuseWithoutKey(request, settings) {
  if (keyless.test(request.url.split("?", 1)[0])) return undefined;
  const key = apiKeyOf(request);
  if (!key) return { message: "No API key found in request", hint: "No `apikey` request header or url param was found." };
  const role = roleOfKey(key, settings);
  if (!role) return { message: "Invalid API key", hint: "Double check your Supabase `apikey`" };
  const isBrowser = /^\s*Mozilla\/5\.0/i.test(request.headers["user-agent"] ?? "");
  return role === "service_role" && isBrowser ? { message: "Forbidden use of secret API key in browser" } : undefined;
}

function reasonOf(error, { alg, kid }) {
  if (error instanceof errors.JWTExpired) return "token has invalid claims: token is expired";
  if (error instanceof errors.JWTClaimValidationFailed) return "token has invalid claims: token is not valid yet";
  if (error instanceof errors.JOSEAlgNotAllowed) return `token signature is invalid: signing method ${alg} is invalid`;
  if (error instanceof errors.JWKSNoMatchingKey) {
    return `token is unverifiable: error while executing keyfunc: unrecognized JWT kid ${kid ?? "<nil>"} for algorithm ${alg}`;
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return "token signature is invalid: signature is invalid";
  return "token is malformed: token contains an invalid number of segments";
}

async function readClaims(token, tokenKeys) {
  let header = {};
  const findKey = (given) => {
    header = given;
    const key = tokenKeys.find(given);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
  try {
    return (await jwtVerify(token, findKey, { algorithms: ALGORITHMS })).payload;
  } catch (error) {
    const reason = reasonOf(error, header);
    throw forbidden("bad_jwt", `invalid JWT: unable to parse or verify signature, ${reason}`);
  }
}

/** The claims of the caller's token. An API key in its place stands for its role, as a hosted project's gateway has it. */
async function claimsOf(request, settings) {
  const token = request.headers.authorization === undefined ? apiKeyOf(request) : bearerOf(request);
  if (!token) throw unauthorized("no_authorization", "This endpoint requires a valid Bearer token");
  const role = roleOfKey(token, settings);
  return role ? { role } : readClaims(token, settings.tokenKeys);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isUuid = (text) => typeof text === "string" && uuid.test(text);

async function loadSession(sql, { session_id: id }) {
  if (!id) return undefined;
  if (!isUuid(id)) throw forbidden("bad_jwt", "invalid claim: session_id claim must be a UUID");
  const session = await findSession(sql, id);
  if (!session) throw forbidden("session_not_found", "Session from session_id claim in JWT does not exist");
  return session;
}

/** `{ claims, user, session }` of a signed-in caller. Raises: AuthError. */
export async function requireUser(request, { sql, settings }) {
  const claims = await claimsOf(request, settings);
  if (!claims.sub) throw forbidden("bad_jwt", "invalid claim: missing sub claim");
  if (!isUuid(claims.sub)) throw badRequest("bad_jwt", "invalid claim: sub claim must be a UUID");
  const user = await findUser(sql, claims.sub);
  if (!user) throw forbidden("user_not_found", "User from sub claim in JWT does not exist");
  const session = await loadSession(sql, claims);
  if (isBanned(user)) throw forbidden("user_banned", "User is banned");
  return { claims, user, session };
}

const administrators = new Set(["service_role", "supabase_admin"]);

/** The administrator who asks, as the audit log names them. Raises: AuthError, for any other caller. */
export async function requireAdministrator(request, { sql, settings, configuration }) {
  const claims = await claimsOf(request, settings);
  if (claims.session_id) {
    const { session } = await requireUser(request, { sql, settings });
    if (session && checkSession(session, configuration)) {
      throw new AuthError(403, "session_expired", "Session is no longer valid");
    }
  }
  if (!administrators.has(claims.role)) throw forbidden("not_admin", "User not allowed");
  return { id: "00000000-0000-0000-0000-000000000000", email: claims.role };
}
