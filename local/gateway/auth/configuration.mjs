// The section [auth] of supabase/config.toml, as `supabase config push` gives it to a hosted project.
import { redirectPattern } from "./redirects.mjs";

const durationUnits = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds out of a duration as Go writes it (`1h30m`); undefined of any other text. */
export function parseDuration(text) {
  if (!/^-?(\d+(\.\d+)?(h|m|s|ms))+$/.test(text)) return undefined;
  const total = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce((sum, [, n, unit]) => sum + n * durationUnits[unit], 0);
  return text.startsWith("-") ? -total : total;
}

// pg-functions://postgres/<schema>/<function>
function hookFunction({ enabled = false, uri = "" } = {}) {
  if (!enabled) return undefined;
  const [, schema, name] = uri.match(/^pg-functions:\/\/[^/]+\/([^/]+)\/([^/]+)$/) ?? [];
  if (!name) throw new Error(`[auth.hook]: only pg-functions:// is served here: ${uri}`);
  return { schema, name, uri };
}

/** Raises: Error, where the file asks for a hook that is no function of the database. */
export function authConfiguration({ auth = {} }, { siteUrl, issuer }) {
  const { hook = {}, sessions = {}, external = {}, email = {} } = auth;
  return Object.freeze({
    issuer,
    siteUrl,
    redirectPatterns: (auth.additional_redirect_urls ?? []).map(redirectPattern),
    tokenSeconds: auth.jwt_expiry ?? 3600,
    rotatesRefreshTokens: auth.enable_refresh_token_rotation ?? true,
    reuseSeconds: auth.refresh_token_reuse_interval ?? 10,
    allowsSignup: auth.enable_signup ?? true,
    allowsManualLinking: auth.enable_manual_linking ?? false,
    minimumPasswordLength: auth.minimum_password_length ?? 6,
    confirmsBothAddresses: email.double_confirm_changes ?? true,
    otpSeconds: email.otp_expiry ?? 3600,
    sessionTimeboxMs: parseDuration(sessions.timebox ?? ""),
    sessionInactivityMs: parseDuration(sessions.inactivity_timeout ?? ""),
    google: { enabled: external.google?.enabled ?? false, skipsNonce: external.google?.skip_nonce_check ?? false },
    hooks: { beforeUserCreated: hookFunction(hook.before_user_created), customAccessToken: hookFunction(hook.custom_access_token) },
  });
}
