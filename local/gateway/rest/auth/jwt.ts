// JSON Web Tokens (RFC 7519), judged and refused as PostgREST does.
import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import type { KeySet } from "../../tokens/key_set.ts";
import { invalidClaims, undecodableToken, unsuitableKey } from "./jwt_errors.ts";

export type Claims = Readonly<Record<string, unknown>>;

/** A token whose signature holds. Whether it has expired is asked at every use. */
export interface Token {
  claims: Claims;
  /** As it was signed: its numbers may be larger than JavaScript's. */
  text: string;
}

const MOST_TOKENS = 1000;
const LEEWAY_SECONDS = 30;
const UNDECODABLE = "JWT couldn't be decoded";
const ALGORITHMS = new Set([
  ...["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA", "none"],
]);

function readJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function findKey(header: unknown, keys: KeySet): KeyObject {
  const algorithm = isObject(header) ? header.alg : undefined;
  if (typeof algorithm !== "string" || !ALGORITHMS.has(algorithm)) throw undecodableToken(UNDECODABLE);
  if (algorithm === "none") {
    const details = "JWT is unsecured but expected 'alg' was not 'none'";
    throw undecodableToken("Wrong or unsupported encoding algorithm", details);
  }
  // RFC 7515, 4.1.11: no extension is known here. Stricter than PostgREST, whose library does not read the parameter.
  if (Object.hasOwn(header as object, "crit")) throw undecodableToken(UNDECODABLE);
  const key = keys.find(header as Record<string, unknown>);
  if (!key) throw unsuitableKey("No suitable key was found to decode the JWT");
  return key;
}

function isSigned(signed: string, signature: string, key: KeyObject): boolean {
  const given = Buffer.from(signature, "base64url");
  if (key.type === "public") return verify("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }, given);
  const expected = createHmac("sha256", key).update(signed).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function decode(token: string, keys: KeySet): Token {
  if (token === "") throw undecodableToken("Empty JWT is sent in Authorization header");
  const parts = token.split(".");
  if (parts.length !== 3) throw undecodableToken(`Expected 3 parts in JWT; got ${parts.length}`);
  const [header, payload, signature] = parts;
  const key = findKey(readJson(header), keys);
  if (!isSigned(`${header}.${payload}`, signature, key)) {
    throw unsuitableKey("None of the keys was able to decode the JWT");
  }
  const claims = readJson(payload);
  if (!isObject(claims)) throw invalidClaims("Parsing claims failed");
  return { claims, text: Buffer.from(payload, "base64url").toString() };
}

function checkTime(
  claims: Claims,
  name: "exp" | "nbf" | "iat",
  isWrong: (seconds: number) => boolean,
  message: string,
) {
  const value = claims[name];
  if (value === undefined || value === null) return;
  if (typeof value !== "number") throw invalidClaims(`The JWT '${name}' claim must be a number`);
  if (isWrong(Number.isSafeInteger(value) ? value : 0)) throw invalidClaims(message);
}

const isAudience = (value: unknown) =>
  value === undefined || value === null || typeof value === "string" ||
  (Array.isArray(value) && value.every((one) => typeof one === "string"));

function checkClaims(claims: Claims): void {
  const now = Math.floor(Date.now() / 1000);
  checkTime(claims, "exp", (seconds) => now - LEEWAY_SECONDS > seconds, "JWT expired");
  checkTime(claims, "nbf", (seconds) => now + LEEWAY_SECONDS < seconds, "JWT not yet valid");
  checkTime(claims, "iat", (seconds) => now + LEEWAY_SECONDS < seconds, "JWT issued at future");
  if (!isAudience(claims.aud)) throw invalidClaims("The JWT 'aud' claim must be a string or an array of strings");
}

/** Reads tokens that `keys` signed; those whose signature held are known from then on. Throws PGRST301, PGRST303. */
export function tokenReader(keys: KeySet): (token: string) => Token {
  const known = new Map<string, Token>();
  return (token) => {
    const found = known.get(token) ?? decode(token, keys);
    checkClaims(found.claims);
    if (!known.has(token)) {
      if (known.size >= MOST_TOKENS) known.delete(known.keys().next().value as string);
      known.set(token, found);
    }
    return found;
  };
}
