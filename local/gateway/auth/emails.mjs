// Addresses of users, and a change of one.
import { invalid } from "./errors.mjs";
import { checkMailFrequency, newOtp, storeToken, tokenHash } from "./one_time_tokens.mjs";

const longest = 255;
const format = /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** The address in lower case. Raises: AuthError. */
export function checkEmail(email) {
  if (!email) throw invalid("An email address is required");
  if (email.length > longest) throw invalid("An email address is too long");
  if (!format.test(email)) throw invalid("Unable to validate email address: invalid format");
  return email.toLowerCase();
}

/** Begins the change of a user's address: both addresses are asked, or the new one alone. The user, changed. */
export async function beginEmailChange(sql, user, email, { confirmsBothAddresses }, prefix = "") {
  checkMailFrequency(user.email_change_sent_at);
  const more = { email_change: email, email_change_confirm_status: 0 };
  const hash = `${prefix}${tokenHash(email, newOtp())}`;
  const changed = await storeToken(sql, user, "email_change_token_new", { hash, relatesTo: email, more });
  if (!confirmsBothAddresses || !user.email) return changed;
  const current = `${prefix}${tokenHash(user.email, newOtp())}`;
  return storeToken(sql, changed, "email_change_token_current", { hash: current, relatesTo: user.email });
}
