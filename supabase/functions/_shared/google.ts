// Google ID tokens for a service account: what Cloud Run asks of anyone who calls a private service.
// https://developers.google.com/identity/protocols/oauth2/service-account and, for `target_audience`,
// https://cloud.google.com/run/docs/authenticating/service-to-service
import { Problem } from "./problem.ts";

const LIFETIME = 3600; // seconds, the longest that Google allows
const RENEWED_BEFORE = 300; // seconds before a token expires
const TIMEOUT = 10_000; // milliseconds

interface ServiceAccount {
  client_email: string;
  private_key: string;
  private_key_id?: string;
  token_uri: string;
}

interface Kept {
  token: string;
  expires: number; // seconds since 1970
}

/**
 * Gives tokens for an audience: one is asked for at a time, and kept until shortly before it expires.
 * `key` is the JSON file that Google Cloud gives out for a service account; its `token_uri` says where to ask.
 */
export async function googleTokens(key: string): Promise<(audience: string) => Promise<string>> {
  const account = read(key);
  const signing = await importKey(account.private_key);
  const kept = new Map<string, Promise<Kept>>();

  return async (audience) => {
    let current = kept.get(audience);
    const expires = await current?.then((one) => one.expires, () => 0);
    if (!current || expires! - RENEWED_BEFORE < now()) {
      // Any other caller that waited for the old one finds the new one, if it was asked for meanwhile.
      if (kept.get(audience) === current) kept.set(audience, exchange(account, signing, audience));
      current = kept.get(audience)!;
    }
    return (await current).token;
  };
}

async function exchange(account: ServiceAccount, signing: CryptoKey, audience: string): Promise<Kept> {
  const assertion = await sign(signing, { alg: "RS256", typ: "JWT", kid: account.private_key_id }, {
    iss: account.client_email,
    sub: account.client_email,
    aud: account.token_uri,
    iat: now(),
    exp: now() + LIFETIME,
    target_audience: audience,
  });
  const answer = await fetch(account.token_uri, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }),
    signal: AbortSignal.timeout(TIMEOUT),
  });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Problem("backend_unreachable", `Google's token endpoint answered ${answer.status}`);
  }
  const token = String((await answer.json()).id_token);
  return { token, expires: expiry(token) };
}

function read(key: string): ServiceAccount {
  try {
    const account = JSON.parse(key);
    const parts = [account.client_email, account.private_key, account.token_uri];
    if (parts.every((part) => typeof part === "string")) return account;
  } catch {
    // Not JSON: the same to anyone who has to fix it.
  }
  throw new Problem("not_configured", "GOOGLE_SERVICE_ACCOUNT_KEY is not the key file of a service account");
}

async function importKey(pem: string): Promise<CryptoKey> {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  try {
    const bytes = Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
    return await crypto.subtle.importKey("pkcs8", bytes, algorithm, false, ["sign"]);
  } catch {
    throw new Problem("not_configured", "GOOGLE_SERVICE_ACCOUNT_KEY holds no private key that can be read");
  }
}

async function sign(key: CryptoKey, header: object, claims: object): Promise<string> {
  const text = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  const signature = await crypto.subtle.sign(key.algorithm, key, new TextEncoder().encode(text));
  return `${text}.${base64url(String.fromCharCode(...new Uint8Array(signature)))}`;
}

function expiry(token: string): number {
  const claims = token.split(".")[1] ?? "";
  const expires = Number(JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).exp);
  if (!Number.isFinite(expires)) throw new Problem("backend_unreachable", "Google's token says no expiry");
  return expires;
}

const base64url = (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const now = () => Math.floor(Date.now() / 1000);
