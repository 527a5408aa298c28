// The keys of the project's JSON Web Tokens, as a hosted project has them: Auth signs with ES256 (RFC 7518, 3.4) and publishes
// the public key (RFC 7517); the shared secret of older projects (HS256) is still accepted.
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

/** What a token's header says of its key (RFC 7515, 4.1). */
export interface TokenHeader {
  alg?: unknown;
  kid?: unknown;
}

export interface KeySetSettings {
  /** The shared secret of HS256. */
  jwtSecret: string;
  /** An EC private key on P-256 as a JWK with a `kid`, in JSON. */
  signingKey: string;
}

export interface KeySet {
  /** The key that verifies a token with this header; undefined where the project has none. */
  find(header: TokenHeader): KeyObject | undefined;
  /** What Auth signs with. */
  signing: Readonly<{ kid: string; key: KeyObject }>;
  /** The public keys; the shared secret is not among them. */
  jwks: Readonly<{ keys: readonly Record<string, unknown>[] }>;
}

export const ALGORITHMS = ["ES256", "HS256"];

function publicJwk(key: KeyObject, kid: string): Record<string, unknown> {
  const { kty, crv, x, y } = key.export({ format: "jwk" });
  return { alg: "ES256", crv, ext: true, key_ops: ["verify"], kid, kty, use: "sig", x, y };
}

/** Throws: Error, where the signing key is none. */
export function createKeySet({ jwtSecret, signingKey }: KeySetSettings): KeySet {
  const { kid, ...jwk } = JSON.parse(signingKey);
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  if (typeof kid !== "string" || privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new Error("the signing key is not a P-256 key with a kid");
  }
  const publicKey = createPublicKey(privateKey);
  const secret = createSecretKey(Buffer.from(jwtSecret));
  return {
    find(header) {
      if (header.alg === "HS256") return secret;
      return header.alg === "ES256" && (header.kid === undefined || header.kid === kid) ? publicKey : undefined;
    },
    signing: { kid, key: privateKey },
    jwks: { keys: [publicJwk(publicKey, kid)] },
  };
}
