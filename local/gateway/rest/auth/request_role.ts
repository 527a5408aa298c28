// Who asks: the API key that a hosted project's gateway wants, and the token that PostgREST does.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { KeySet } from "../../tokens/key_set.ts";
import { RestError } from "../errors/rest_error.ts";
import { type Claims, tokenReader } from "./jwt.ts";

export const ANON = "anon";
const SERVICE_ROLE = "service_role";

export interface Identity {
  role: string;
  claims: Claims;
  /** JSON, with the role. */
  claimsText: string;
}

export interface Keys {
  publishableKey: string;
  secretKey: string;
  tokenKeys: KeySet;
}

export type Headers = Readonly<Record<string, string | undefined>>;

/** A refusal of the gateway, which has no code. */
const refuseKey = (message: string, hint?: string) => new RestError(401, { message, ...(hint && { hint }) });

const digest = (text: string) => createHmac("sha256", "same length").update(text).digest();

/** RFC 7235: the scheme in any letters; undefined where it is another one. */
function bearerToken(authorization: string | undefined): string | undefined {
  return authorization?.match(/^bearer(?:\s+(.*))?$/i)?.slice(1).map((token) => token ?? "")[0];
}

const ofRole = (role: string): Identity => ({ role, claims: { role }, claimsText: JSON.stringify({ role }) });

function ofToken({ claims, text }: { claims: Claims; text: string }): Identity {
  const given = Object.hasOwn(claims, "role") ? claims.role : ANON;
  const role = typeof given === "string" ? given : JSON.stringify(given);
  if (claims.role === role) return { role, claims, claimsText: text };
  const withRole = { ...claims, role };
  return { role, claims: withRole, claimsText: JSON.stringify(withRole) };
}

const isBrowser = (headers: Headers) => /^\s*Mozilla\/5\.0/i.test(headers["user-agent"] ?? "");

/** Finds out who asks, by the headers and the parameter `apikey`. Throws a refusal of the key, PGRST301 or PGRST303. */
export function identifier({ publishableKey, secretKey, tokenKeys }: Keys) {
  const readToken = tokenReader(tokenKeys);
  const [publishable, secret] = [digest(publishableKey), digest(secretKey)];
  return (headers: Headers, apikey: string | null): Identity => {
    const key = headers.apikey ?? apikey;
    if (!key) {
      throw refuseKey("No API key found in request", "No `apikey` request header or url param was found.");
    }
    const given = digest(key);
    const isSecret = timingSafeEqual(given, secret);
    if (!isSecret && !timingSafeEqual(given, publishable)) {
      throw refuseKey("Invalid API key", "Double check your Supabase `apikey`");
    }
    if (isSecret && isBrowser(headers)) throw refuseKey("Forbidden use of secret API key in browser");
    const token = bearerToken(headers.authorization);
    if (token === undefined || token === key || token.startsWith("sb_")) return ofRole(isSecret ? SERVICE_ROLE : ANON);
    return ofToken(readToken(token));
  };
}
