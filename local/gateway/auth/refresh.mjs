// The grant refresh_token: rotation, and what becomes of a token that is used again.
import { signAccessToken } from "./access_tokens.mjs";
import { audit } from "./audit_log.mjs";
import { badRequest, OAuthError } from "./errors.mjs";
import { checkSession, insertRefreshToken, tokenResponse } from "./sessions.mjs";
import { findUser, isBanned } from "./users.mjs";

const length = 12;
const refused = (code, reason) => badRequest(code, `Invalid Refresh Token: ${reason}`);

/** The token's row with its session's, both locked: refreshes of one session come one after the other. */
async function lockToken(sql, text) {
  const [token] = text.length === length ? await sql`select * from auth.refresh_tokens where token = ${text} for update` : [];
  if (!token) throw refused("refresh_token_not_found", "Refresh Token Not Found");
  const [session] = await sql`select * from auth.sessions where id = ${token.session_id} for update`;
  if (!session) throw refused("session_not_found", "No Valid Session Found");
  return { token, session };
}

const revokeAll = (sql, session) => sql`
  update auth.refresh_tokens set revoked = true, updated_at = now() where session_id = ${session.id} and not revoked`;

/**
 * The token to hand out in place of one that was used: the active one where the answer that brought it got lost, `null` for
 * a new one within the reuse interval, and `undefined` where it is used too late and the session's tokens are revoked.
 */
async function reused(sql, { token, session }, { reuseSeconds, rotatesRefreshTokens }) {
  const [active] = await sql`
    select token, parent from auth.refresh_tokens where session_id = ${session.id} and not revoked order by id desc limit 1`;
  if (active?.parent === token.token) return active.token;
  if (Date.now() <= Date.parse(token.updated_at) + reuseSeconds * 1000) return null;
  if (rotatesRefreshTokens) await revokeAll(sql, session);
  return undefined;
}

async function rotate(sql, user, { token, session }) {
  await audit(sql, user, "token_revoked");
  await sql`update auth.refresh_tokens set revoked = true, updated_at = now() where id = ${token.id}`;
  return insertRefreshToken(sql, { user, session, parent: token.token });
}

async function refreshLocked(sql, found, { request, auth }) {
  const { token, session } = found;
  const user = await findUser(sql, token.user_id);
  if (isBanned(user)) throw refused("user_banned", "User Banned");
  const over = checkSession(session, auth.configuration);
  if (over) throw refused("session_expired", over);
  const active = token.revoked ? await reused(sql, found, auth.configuration) : null;
  if (active === undefined) return undefined;
  await audit(sql, user, "token_refreshed");
  const refreshToken = active ?? (await rotate(sql, user, found));
  const access = await signAccessToken(sql, { user, session, method: "token_refresh" }, { request, auth });
  await sql`
    update auth.sessions set refreshed_at = now() at time zone 'utc', user_agent = ${request.headers["user-agent"] ?? null},
      ip = ${request.ip} where id = ${session.id}`;
  return tokenResponse({ ...access, refreshToken, user });
}

/** A new pair of tokens for a refresh token. Raises: AuthError, OAuthError. */
export async function refresh(text, { request, auth }) {
  if (!text) throw new OAuthError("invalid_request", "refresh_token required");
  const response = await auth.sql.begin(async (sql) => refreshLocked(sql, await lockToken(sql, text), { request, auth }));
  // Outside the transaction: that the tokens are revoked stays.
  if (!response) throw refused("refresh_token_already_used", "Already Used");
  return response;
}
