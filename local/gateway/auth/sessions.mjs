// Sessions: their rows, how a sign-in begins one, and when one is over.
import { randomBytes, randomUUID } from "node:crypto";
import { signAccessToken } from "./access_tokens.mjs";
import { failing } from "./errors.mjs";
import { updateUser, userJson } from "./users.mjs";

const base32 = "abcdefghijklmnopqrstuvwxyz234567";

/** Twelve characters of base32: 60 random bits. */
const newRefreshToken = () => [...randomBytes(12)].map((byte) => base32[byte % 32]).join("");

export async function findSession(sql, id) {
  const [session] = await sql`select * from auth.sessions where id = ${id}`;
  return session;
}

/** Why a session is over; undefined while it is not. */
export function checkSession(session, { sessionTimeboxMs, sessionInactivityMs }) {
  const now = Date.now();
  const began = Date.parse(session.created_at);
  if (session.not_after && now > Date.parse(session.not_after)) return "Session Expired";
  if (sessionTimeboxMs && now > began + sessionTimeboxMs) return "Session Expired";
  const refreshed = session.refreshed_at ? Date.parse(session.refreshed_at) : began;
  return sessionInactivityMs && now > refreshed + sessionInactivityMs ? "Session Expired (Inactivity)" : undefined;
}

export async function insertRefreshToken(sql, { user, session, parent = "" }) {
  const token = newRefreshToken();
  await sql`
    insert into auth.refresh_tokens (instance_id, token, user_id, session_id, parent, revoked, created_at, updated_at)
    values ('00000000-0000-0000-0000-000000000000', ${token}, ${user.id}, ${session.id}, ${parent}, false, now(), now())`;
  return token;
}

const addMethod = (sql, session, method) => sql`
  insert into auth.mfa_amr_claims (id, session_id, authentication_method, created_at, updated_at)
  values (${randomUUID()}, ${session.id}, ${method}, now(), now())
  on conflict (session_id, authentication_method) do update set updated_at = now()`;

/** The answer of a grant (RFC 6749, 5.1), with the user. */
export function tokenResponse({ token, expiresAt, refreshToken, user }) {
  return {
    access_token: token,
    token_type: "bearer",
    expires_in: expiresAt - Math.floor(Date.now() / 1000),
    expires_at: expiresAt,
    refresh_token: refreshToken,
    user: userJson(user),
  };
}

/** Begins a session of a user who signed in by `method` (`oauth`, `otp`), in a transaction. */
export async function beginSession(sql, user, method, { request, auth }) {
  const [session] = await sql`
    insert into auth.sessions (id, user_id, aal, user_agent, ip, created_at, updated_at)
    values (${randomUUID()}, ${user.id}, 'aal1', ${request.headers["user-agent"] ?? null}, ${request.ip}, now(), now())
    returning *`.catch(failing("Database error granting user"));
  const refreshToken = await insertRefreshToken(sql, { user, session }).catch(failing("Database error granting user"));
  const signedIn = await updateUser(sql, user, { last_sign_in_at: sql`now()` }).catch(failing("Database error granting user"));
  await addMethod(sql, session, method);
  const access = await signAccessToken(sql, { user: signedIn, session, method }, { request, auth });
  return tokenResponse({ ...access, refreshToken, user: signedIn });
}

/** Ends sessions of a user: all, this one (`local`), or all but this one (`others`). */
export async function endSessions(sql, userId, scope = "global", sessionId = undefined) {
  if (scope === "local" && sessionId) return sql`delete from auth.sessions where id = ${sessionId}`;
  if (scope === "others" && sessionId) return sql`delete from auth.sessions where user_id = ${userId} and id <> ${sessionId}`;
  return sql`delete from auth.sessions where user_id = ${userId}`;
}
