// Access tokens: their claims (https://supabase.com/docs/guides/auth/jwt-fields) and their signature.
import { SignJWT } from "jose";
import { internal } from "./errors.mjs";
import { runHook } from "./hooks.mjs";

const aal2Methods = new Set(["totp", "mfa/phone", "mfa/webauthn"]);

async function assuranceOf(sql, session) {
  const rows = await sql`
    select authentication_method as method, extract(epoch from updated_at)::int as timestamp
    from auth.mfa_amr_claims where session_id = ${session.id} order by updated_at desc`;
  return { aal: rows.some(({ method }) => aal2Methods.has(method)) ? "aal2" : "aal1", amr: rows.map((row) => ({ ...row })) };
}

const required = ["aud", "exp", "iat", "sub", "email", "phone", "role", "aal", "session_id", "is_anonymous"];

function checkClaims(claims) {
  if (claims === null || typeof claims !== "object") throw internal("output claims field is missing");
  const missing = required.filter((name) => !(name in claims));
  if (missing.length === 0) return claims;
  const lines = missing.map((name) => `- (root): ${name} is required\n`).join("");
  throw internal(`output claims do not conform to the expected schema: \n${lines}`);
}

/** The claims with what the hook makes of them, where the project has one. */
async function customised(sql, claims, { user, method }, { request, auth }) {
  const hook = auth.configuration.hooks.customAccessToken;
  if (!hook) return claims;
  const input = { user_id: user.id, claims, authentication_method: method };
  const { claims: changed } = await runHook(sql, hook, "customize-access-token", input, request);
  return checkClaims(changed ?? null);
}

/** `{ token, expiresAt }` of a session; `method` is how it was obtained. */
export async function signAccessToken(sql, { user, session, method }, { request, auth }) {
  const { configuration, settings } = auth;
  const now = Math.floor(Date.now() / 1000);
  const expiresAt = now + configuration.tokenSeconds;
  const claims = {
    iss: configuration.issuer,
    sub: user.id,
    aud: user.aud,
    exp: expiresAt,
    iat: now,
    email: user.email ?? "",
    phone: user.phone ?? "",
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    role: user.role,
    ...(await assuranceOf(sql, session)),
    session_id: session.id,
    is_anonymous: user.is_anonymous,
  };
  const { kid, key } = settings.tokenKeys.signing;
  const final = await customised(sql, claims, { user, method }, { request, auth });
  return { token: await new SignJWT(final).setProtectedHeader({ alg: "ES256", kid, typ: "JWT" }).sign(key), expiresAt };
}
