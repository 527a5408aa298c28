// Google as Auth knows it, an OpenID provider (OpenID Connect Core 1.0): its addresses, codes and ID tokens. On this machine
// the local provider answers in its place.
import { createHash } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { internal } from "./errors.mjs";

export const googleIssuer = "https://accounts.google.com";
export const googleClientId = "local";

const timeoutMs = 10_000;
const defaultScopes = ["openid", "email", "profile"];
// What a caller cannot choose at the provider.
const reserved = new Set([
  ...["client_id", "client_secret", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method"],
  ...["code_verifier", "provider", "scopes"],
]);

/** What an ID token says of a user, as Auth stores it: `{ email, isVerified, metadata }`. */
function userDataOf(claims) {
  const { iss, sub, name, picture, email, email_verified: verified, hd } = claims;
  const texts = { name, picture, email, hd };
  for (const [claim, value] of Object.entries(texts)) {
    if (value !== undefined && typeof value !== "string") throw new TypeError(`${claim} is no text`);
  }
  const isVerified = verified === true || claims.verified_email === true;
  const metadata = {
    ...{ iss, sub },
    ...(name && { name, full_name: name }),
    ...(picture && { picture, avatar_url: picture }),
    ...(email && { email }),
    ...{ email_verified: isVerified, phone_verified: false, provider_id: sub },
    ...(hd && { custom_claims: { hd } }),
  };
  return { email: email ?? "", isVerified: Boolean(email) && isVerified, metadata };
}

const halfHash = (text) => createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

export class Google {
  #url;
  #keys;
  #redirectUri;

  constructor(providerUrl, issuer) {
    this.#url = providerUrl;
    this.#redirectUri = `${issuer}/callback`;
    // The local provider makes new keys at each start.
    this.#keys = createRemoteJWKSet(new URL(`${providerUrl}/jwks`), { timeoutDuration: timeoutMs, cooldownDuration: 0 });
  }

  /** Where a sign-in begins; `query` is what the caller adds. */
  authorizeUrl(state, query) {
    const url = new URL(`${this.#url}/authorize`);
    for (const [name, value] of Object.entries(query)) {
      if (!reserved.has(name.toLowerCase())) url.searchParams.set(name, String(value));
    }
    const scopes = [...defaultScopes, ...String(query.scopes ?? "").split(",").filter(Boolean)];
    const own = { client_id: googleClientId, redirect_uri: this.#redirectUri, response_type: "code", scope: scopes.join(" "), state };
    for (const [name, value] of Object.entries(own)) url.searchParams.set(name, value);
    return url.href;
  }

  /** `{ accessToken, refreshToken, userData }` for a code of the provider. Raises: AuthError. */
  async exchange(code) {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      ...{ code, redirect_uri: this.#redirectUri, client_id: googleClientId, client_secret: "local" },
    });
    const tokens = await this.#post(body).catch((error) => {
      throw internal(`Unable to exchange external code: ${code.slice(0, 4)}`, error);
    });
    const { userData } = await this.readIdToken(tokens.id_token, tokens.access_token, googleClientId).catch((error) => {
      throw internal("Error getting user profile from external provider", error);
    });
    return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token ?? "", userData };
  }

  async #post(body) {
    const answer = await fetch(`${this.#url}/token`, { method: "POST", body, signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) throw new Error(`the provider answers ${answer.status}`);
    return answer.json();
  }

  /** `{ claims, userData }` of an ID token that Google signed; `accessToken` is the one that came with it, if any. */
  async readIdToken(idToken, accessToken, audience) {
    const { payload } = await jwtVerify(idToken, this.#keys, { issuer: googleIssuer, audience });
    if (accessToken && payload.at_hash && payload.at_hash !== halfHash(accessToken)) throw new Error("at_hash is another's");
    return { claims: payload, userData: userDataOf(payload) };
  }
}
