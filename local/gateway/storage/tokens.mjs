// The tokens of Supabase Storage: who asks (access tokens of Auth), and what a signed URL opens.
import { SignJWT, errors, jwtVerify } from "jose";
import { ALGORITHMS } from "../tokens/key_set.ts";
import { invalidJwt, invalidParameter, invalidSignature } from "./errors.mjs";

const maxExpiry = Math.floor(Number.MAX_SAFE_INTEGER / 1000);
const key = (secret) => new TextEncoder().encode(secret);

/** The claims of a token that one of the project's keys signed. Throws jose's error, whose message clients are shown. */
export async function verifyToken(token, { tokenKeys }, algorithms = ALGORITHMS) {
  const findKey = (header) => {
    const found = tokenKeys.find(header);
    if (!found) throw new errors.JWSSignatureVerificationFailed();
    return found;
  };
  const { payload } = await jwtVerify(token, findKey, { algorithms });
  return payload;
}

function sign(claims, seconds, { jwtSecret }) {
  const now = Math.floor(Date.now() / 1000);
  if (!Number.isSafeInteger(seconds) || seconds > maxExpiry - now) throw invalidParameter("expiresIn");
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key(jwtSecret));
}

/** A token that opens `url` (`<bucket>/<name>`) for reading, for `seconds`. */
export const signDownload = (url, seconds, settings, more = {}) => sign({ ...more, url, scope: "download" }, seconds, settings);

/** A token that lets one write `url`, for `seconds`; `upsert` whether it may replace what is there. */
export const signUpload = ({ url, owner, upsert }, seconds, settings) =>
  sign({ ...(owner ? { owner } : {}), url, upsert, scope: "upload" }, seconds, settings);

/**
 * The claims of a signed URL's token. A token opens one object for one thing, and no access token opens any.
 * Raises: InvalidJWT, InvalidSignature.
 */
export async function verifySignature(token, url, scope, settings) {
  const claims = await verifyToken(token, settings, ["HS256"]).catch((error) => {
    throw invalidJwt(error.message);
  });
  if (claims.scope !== scope) throw invalidSignature(claims.scope ? `Token is not scoped for ${scope}` : undefined);
  if (claims.url !== url) throw invalidSignature();
  return claims;
}
