// The project's API keys, as a hosted project's gateway knows them: each stands for a role.
import { createHmac, timingSafeEqual } from "node:crypto";

const digest = (text) => createHmac("sha256", "same length").update(text).digest();
const isSame = (given, key) => timingSafeEqual(digest(given), digest(key));

/** The role that a key stands for; undefined of any other text. */
export function roleOfKey(key, { publishableKey, secretKey }) {
  if (isSame(key, secretKey)) return "service_role";
  return isSame(key, publishableKey) ? "anon" : undefined;
}

/** The API key of a request: the header, else the parameter. */
export const apiKeyOf = ({ headers, url }) => headers.apikey ?? new URLSearchParams(url.split("?", 2)[1]).get("apikey");

/** RFC 6750, 2.1. */
export const bearerOf = ({ headers }) => headers.authorization?.match(/^Bearer\s+(\S+)$/i)?.[1];
