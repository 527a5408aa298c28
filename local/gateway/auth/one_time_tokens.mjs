// One-time codes and links (auth.one_time_tokens): what an e-mail of Auth's carries. No mail is sent on this machine; an
// administrator gets the link from /admin/generate_link.
import { createHash, randomInt, randomUUID } from "node:crypto";
import { AuthError, forbidden } from "./errors.mjs";
import { updateUser } from "./users.mjs";

const mailFrequencySeconds = 60;

// The column of auth.users that holds a kind of token, and the one that says when it was made.
const columns = {
  confirmation_token: ["confirmation_token", "confirmation_sent_at"],
  recovery_token: ["recovery_token", "recovery_sent_at"],
  email_change_token_new: ["email_change_token_new", "email_change_sent_at"],
  email_change_token_current: ["email_change_token_current", "email_change_sent_at"],
  reauthentication_token: ["reauthentication_token", "reauthentication_sent_at"],
};

/** Six digits. */
export const newOtp = () => String(randomInt(1_000_000)).padStart(6, "0");

/** What is stored of a code, and what a link carries. */
export const tokenHash = (email, otp) => createHash("sha224").update(email + otp).digest("hex");

/** Raises: AuthError, where the last mail was sent within a minute. */
export function checkMailFrequency(sentAt) {
  const left = sentAt ? Math.ceil((Date.parse(sentAt) - Date.now()) / 1000) + mailFrequencySeconds : 0;
  if (left <= 0) return;
  const message = `For security purposes, you can only request this after ${left} seconds.`;
  throw new AuthError(429, "over_email_send_rate_limit", message);
}

/** Stores a token of one kind for a user; `relatesTo` is the address that it is for. The user, changed. */
export async function storeToken(sql, user, kind, { hash, relatesTo, more = {} }) {
  const [tokenColumn, timeColumn] = columns[kind];
  const changed = await updateUser(sql, user, { ...more, [tokenColumn]: hash, [timeColumn]: sql`now()` });
  await sql`delete from auth.one_time_tokens where user_id = ${user.id} and token_type = ${kind}`;
  await sql`
    insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
    values (${randomUUID()}, ${user.id}, ${kind}, ${hash}, ${relatesTo.toLowerCase()})`;
  return changed;
}

/** Removes a user's tokens: of these kinds, or all. */
export async function clearTokens(sql, user, kinds = Object.keys(columns)) {
  await sql`delete from auth.one_time_tokens where user_id = ${user.id} and token_type::text = any(${kinds})`;
  return updateUser(sql, user, Object.fromEntries(kinds.map((kind) => [columns[kind][0], ""])));
}

const notValid = (message) => forbidden("otp_expired", message);

/** `{ userId, kind }` of a link's token of one of these kinds, locked. Raises: AuthError, for one that is unknown or too old. */
export async function findToken(sql, hash, kinds, otpSeconds, message = "Email link is invalid or has expired") {
  const [token] = await sql`
    select user_id, token_type as kind, created_at from auth.one_time_tokens
    where token_hash = any(${[hash, `pkce_${hash}`]}) and token_type::text = any(${kinds}) for update`;
  if (!token || Date.now() > Date.parse(token.created_at) + otpSeconds * 1000) throw notValid(message);
  return { userId: token.user_id, kind: token.kind };
}
