// /verify: the links and codes of Auth's e-mails.
import { audit } from "../audit_log.mjs";
import { checkEmail } from "../emails.mjs";
import { AuthError, badRequest, failing, forbidden, invalid, redirectParametersOf, unprocessable } from "../errors.mjs";
import { clearTokens, findToken, tokenHash } from "../one_time_tokens.mjs";
import { readParameters } from "../parameters.mjs";
import { redirectTarget, withParameters } from "../redirects.mjs";
import { beginSession } from "../sessions.mjs";
import * as users from "../users.mjs";

const kinds = {
  signup: ["confirmation_token"],
  invite: ["confirmation_token"],
  recovery: ["recovery_token"],
  magiclink: ["recovery_token"],
  email: ["confirmation_token", "recovery_token"],
  email_change: ["email_change_token_current", "email_change_token_new"],
};
const oneConfirmed = "Confirmation link accepted. Please proceed to confirm link sent to the other email";

async function confirm(sql, user) {
  await audit(sql, user, "user_signedup", { traits: { provider: "email" } });
  return users.confirmUser(sql, await clearTokens(sql, user));
}

async function recover(sql, user) {
  if (!user.email_confirmed_at) return confirm(sql, user);
  await audit(sql, user, "login");
  return clearTokens(sql, user);
}

/** The user with the new address; undefined where the other one is still to be confirmed. */
async function changeEmail(sql, user, kind, { confirmsBothAddresses }) {
  if (confirmsBothAddresses && user.email_change_confirm_status === 0 && user.email) {
    await users.updateUser(sql, await clearTokens(sql, user, [kind]), { email_change_confirm_status: 1 });
    return undefined;
  }
  await audit(sql, user, "user_modified");
  const { email_change: email } = user;
  await users.setEmailIdentity(sql, user, email, true);
  const changes = { email, email_change: "", email_change_confirm_status: 0 };
  const changed = await users.updateUser(sql, user, changes).catch(failing("Error confirm email"));
  const cleared = await clearTokens(sql, changed);
  return cleared.email_confirmed_at ? cleared : users.confirmUser(sql, cleared);
}

function complete(sql, user, kind, configuration) {
  if (kind === "confirmation_token") return confirm(sql, user);
  return kind === "recovery_token" ? recover(sql, user) : changeEmail(sql, user, kind, configuration);
}

/** The code of the sign-in that the link belongs to (RFC 7636). */
async function issueCode(sql, user, type) {
  const [flow] = await sql`
    update auth.flow_state set auth_code_issued_at = now(), updated_at = now() where id = (
      select id from auth.flow_state where user_id = ${user.id} and authentication_method = ${type} and auth_code is not null
      order by created_at desc limit 1
    ) returning auth_code`;
  if (!flow) throw badRequest("flow_state_not_found", "No associated flow state found. No valid flow state found for user.");
  return flow.auth_code;
}

/** `{ session }`, `{ code }` for a link of a PKCE client, or nothing where another link is to be followed too. */
async function verify(auth, { type, hash, message }, context) {
  const { configuration } = auth;
  if (!Object.hasOwn(kinds, type)) throw invalid("Invalid email verification type");
  return auth.sql.begin(async (sql) => {
    const { userId, kind } = await findToken(sql, hash, kinds[type], configuration.otpSeconds, message);
    const user = await users.findUser(sql, userId);
    if (users.isBanned(user)) throw forbidden("user_banned", "User is banned");
    const verified = await complete(sql, user, kind, configuration);
    if (!verified) return {};
    await users.updateProviders(sql, verified);
    const current = await users.findUser(sql, userId);
    if (hash.startsWith("pkce_")) return { code: await issueCode(sql, current, type) };
    return { session: await beginSession(sql, current, "otp", context) };
  });
}

function addressOf(target, { session, code }, type) {
  if (code) return withParameters(target, { code });
  if (!session) return withParameters(target, {}, { message: oneConfirmed });
  const { access_token, expires_at, expires_in, refresh_token, token_type } = session;
  return `${target}#${new URLSearchParams({ access_token, expires_at, expires_in, refresh_token, sb: "", token_type, type })}`;
}

async function verifyLink(auth, request) {
  const [hash, type] = [request.query.token, request.query.type].map((each) => String(each ?? ""));
  const target = redirectTarget(request, auth.configuration);
  if (!type) throw invalid("Verify requires a verification type");
  if (!hash) throw invalid("Verify requires a token or a token hash");
  try {
    return addressOf(target, await verify(auth, { type, hash }, { request, auth }), type);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    const parameters = redirectParametersOf(error);
    return withParameters(target, hash.startsWith("pkce_") ? parameters : {}, parameters);
  }
}

const shape = { type: "string", token: "string", token_hash: "string", email: "string", phone: "string", redirect_to: "string" };

function readCode({ token, token_hash: hash, email, phone, redirect_to: redirect }) {
  if (Boolean(token) === Boolean(hash)) throw invalid("Verify requires either a token or a token hash");
  if (hash && (email || phone || redirect)) throw invalid("Only the token_hash and type should be provided");
  if (hash) return { hash };
  if (Boolean(email) === Boolean(phone)) throw invalid("Only an email address or phone number should be provided on verify");
  const message = "Token has expired or is invalid";
  // No code was ever sent to a phone.
  if (phone) throw forbidden("otp_expired", message);
  try {
    return { hash: tokenHash(checkEmail(email), token), message };
  } catch {
    throw unprocessable("validation_failed", "Invalid email format");
  }
}

export const verifyRoutes = (auth) => async (app) => {
  app.get("/verify", async (request, reply) => reply.redirect(await verifyLink(auth, request), 303));

  app.post("/verify", async (request) => {
    const parameters = readParameters(request, shape);
    if (!parameters.type) throw invalid("Verify requires a verification type");
    const { type } = parameters;
    const { session } = await verify(auth, { type, ...readCode(parameters) }, { request, auth });
    return session ?? { msg: oneConfirmed, code: "200" };
  });
};
