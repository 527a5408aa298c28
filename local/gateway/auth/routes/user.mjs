// The signed-in user: what Auth knows of them, changes, signing out, re-authentication, identities.
import { audit } from "../audit_log.mjs";
import { isUuid, requireUser } from "../request_role.mjs";
import { beginEmailChange, checkEmail } from "../emails.mjs";
import { AuthError, failing, forbidden, invalid, notFound, unprocessable } from "../errors.mjs";
import { beginFlow, checkChallenge } from "../flow_states.mjs";
import { checkMailFrequency, clearTokens, newOtp, storeToken, tokenHash } from "../one_time_tokens.mjs";
import { readParameters } from "../parameters.mjs";
import { checkPassword, hashPassword, refuseSamePassword } from "../passwords.mjs";
import { endSessions } from "../sessions.mjs";
import * as users from "../users.mjs";

const shape = {
  ...{ email: "string", password: "text", nonce: "string", data: "object", app_metadata: "object", phone: "string" },
  ...{ code_challenge: "string", code_challenge_method: "string" },
};

async function checkChange(auth, { user, session }, change) {
  if (change.email) change.email = checkEmail(change.email);
  // Auth would send a code by SMS, and the project has nobody who does.
  if (change.phone) throw new AuthError(400, "phone_provider_disabled", "Phone logins are disabled");
  if (change.password !== undefined) checkPassword(change.password, auth.configuration);
  if (change.app_metadata) throw forbidden("not_admin", "Updating app_metadata requires admin privileges");
  const changesEmail = change.email && change.email !== user.email;
  if (users.hasVerifiedFactor(user) && session?.aal !== "aal2" && (changesEmail || change.password)) {
    throw new AuthError(401, "insufficient_aal", "AAL2 session is required to update email or password when MFA is enabled.");
  }
  if (changesEmail) await users.refuseTakenEmail(auth.sql, change.email, user.id);
  if (change.password) await refuseSamePassword(change.password, user);
}

async function changePassword(sql, { user, session }, encrypted) {
  const cleared = await clearTokens(sql, user);
  const changed = await users.updateUser(sql, cleared, { encrypted_password: encrypted });
  await endSessions(sql, user.id, session ? "others" : "global", session?.id);
  await audit(sql, changed, "user_updated_password");
  return changed;
}

async function changeEmail(sql, user, change, { configuration, log }) {
  const { code_challenge: challenge, code_challenge_method: challengeMethod } = change;
  checkChallenge(challenge, challengeMethod);
  const method = "email_change";
  if (challenge) await beginFlow(sql, { provider: method, method, challenge, challengeMethod, userId: user.id });
  log(`auth: user ${user.id} asks for another address; no mail is sent here: /admin/generate_link gives its links`);
  return beginEmailChange(sql, user, change.email, configuration, challenge ? "pkce_" : "");
}

async function update(auth, caller, change) {
  const encrypted = change.password && (await hashPassword(change.password));
  return auth.sql.begin(async (sql) => {
    let { user } = caller;
    if (change.password !== undefined) user = await changePassword(sql, caller, encrypted || null);
    if (change.data) user = await users.updateUserMetadata(sql, user, change.data).catch(failing("Error updating user"));
    if (change.email && change.email !== user.email) user = await changeEmail(sql, user, change, auth);
    await audit(sql, user, "user_modified");
    return user;
  });
}

async function reauthenticate(auth, user) {
  if (!user.email) throw invalid("Reauthentication requires the user to have an email or a phone number");
  if (!user.email_confirmed_at) throw unprocessable("email_not_confirmed", "Please verify your email first.");
  checkMailFrequency(user.reauthentication_sent_at);
  await auth.sql.begin(async (sql) => {
    await audit(sql, user, "user_reauthenticate_requested");
    await storeToken(sql, user, "reauthentication_token", { hash: tokenHash(user.email, newOtp()), relatesTo: user.email });
  });
  return {};
}

async function unlink(auth, user, id, request) {
  if (!isUuid(id)) throw notFound("validation_failed", "identity_id must be an UUID");
  if (user.identities.length <= 1) {
    throw unprocessable("single_identity_not_deletable", "User must have at least 1 identity after unlinking");
  }
  const identity = user.identities.find((each) => each.id === id);
  if (!identity) throw unprocessable("identity_not_found", "Identity doesn't exist");
  await auth.sql.begin(async (sql) => {
    const traits = { identity_id: id, provider: identity.provider, provider_id: identity.provider_id };
    await audit(sql, user, "identity_unlinked", { traits, ip: request.ip });
    await sql`delete from auth.identities where id = ${id}`.catch(failing("Database error deleting identity"));
    const [kept] = user.identities.filter((each) => each.id !== id);
    const isKept = user.identities.some((each) => each.id !== id && each.email === user.email);
    const changed = isKept ? user : await users.updateUser(sql, user, { email: kept.email });
    await users.updateProviders(sql, changed);
  });
  return {};
}

const scopes = ["global", "local", "others"];

export const userRoutes = (auth) => async (app) => {
  app.get("/user", async (request) => users.userJson((await requireUser(request, auth)).user));

  app.put("/user", async (request) => {
    const caller = await requireUser(request, auth);
    const change = readParameters(request, shape);
    await checkChange(auth, caller, change);
    return users.userJson(await update(auth, caller, change));
  });

  app.post("/logout", async (request, reply) => {
    const { user, session } = await requireUser(request, auth);
    const { scope = "global" } = request.query;
    if (scope && !scopes.includes(scope)) throw invalid(`Unsupported logout scope "${scope}"`);
    await auth.sql
      .begin(async (sql) => {
        await audit(sql, user, "logout");
        await endSessions(sql, user.id, scope || "global", session?.id);
      })
      .catch(failing("Error logging out user"));
    return reply.code(204).send();
  });

  app.get("/reauthenticate", async (request) => reauthenticate(auth, (await requireUser(request, auth)).user));

  app.delete("/user/identities/:id", async (request) => {
    const { user } = await requireUser(request, auth);
    if (!auth.configuration.allowsManualLinking) throw notFound("manual_linking_disabled", "Manual linking is disabled");
    return unlink(auth, user, request.params.id, request);
  });
};
