// /admin/users: an operator's view of the users.
import { createHash } from "node:crypto";
import { audit } from "../audit_log.mjs";
import { isUuid, requireAdministrator } from "../request_role.mjs";
import { parseDuration } from "../configuration.mjs";
import { checkEmail } from "../emails.mjs";
import { badRequest, failing, internal, invalid, notFound } from "../errors.mjs";
import { deleteFactor, findFactor } from "../factors.mjs";
import { clearTokens } from "../one_time_tokens.mjs";
import { readPage, setPageHeaders } from "../pagination.mjs";
import { readParameters } from "../parameters.mjs";
import { checkPassword, checkPasswordHash, hashPassword, randomPassword } from "../passwords.mjs";
import { endSessions } from "../sessions.mjs";
import * as users from "../users.mjs";

const shape = {
  ...{ id: "string", aud: "string", role: "string", email: "string", phone: "string", password: "text", password_hash: "string" },
  ...{ email_confirm: "boolean", user_metadata: "object", app_metadata: "object", ban_duration: "string" },
};

const traitsOf = ({ id, email, phone }) => ({ user_id: id, user_email: email ?? "", user_phone: phone ?? "" });

/** The time until which a user is banned, null to lift a ban; undefined where the caller says nothing of it. */
function bannedUntil({ ban_duration: text }) {
  if (!text) return undefined;
  if (text === "none") return null;
  const duration = parseDuration(text);
  if (duration === undefined) throw invalid(`invalid format for ban duration: time: invalid duration "${text}"`);
  return duration === 0 ? null : new Date(Date.now() + duration);
}

function readOrder({ sort }) {
  const [field, direction = "desc", ...rest] = String(sort ?? "created_at desc").split(" ");
  if (field !== "created_at") throw badRequest("validation_failed", `Bad Sort Parameters: bad field for sort '${field}'`);
  if (rest.length > 0 || !/^(asc|desc)$/i.test(direction)) {
    throw invalid(`Bad Sort Parameters: bad direction for sort '${direction}', only 'asc' and 'desc' allowed`);
  }
  return direction.toLowerCase();
}

async function list({ sql }, request, reply) {
  const [order, page] = [readOrder(request.query), readPage(request)];
  const like = `%${request.query.filter ?? ""}%`;
  const matching = sql`
    from auth.users where aud = ${users.audience} and (email like ${like} or raw_user_meta_data ->> 'full_name' ilike ${like}
      or ${like === "%%"})`;
  const [{ total }] = await sql`select count(*)::int as total ${matching}`.catch(failing("Database error finding users"));
  const rows = await sql`
    select * ${matching} order by created_at ${order === "asc" ? sql`asc` : sql`desc`}, id
    limit ${page.perPage} offset ${page.offset}`.catch(failing("Database error finding users"));
  setPageHeaders(reply, request, page, total);
  return { users: rows.map(users.userJson), aud: users.audience };
}

async function passwordOf({ password, password_hash: hash }, configuration) {
  if (password !== undefined && hash) throw invalid("Only a password or a password hash should be provided");
  if (hash) checkPasswordHash(hash);
  if (password) checkPassword(password, configuration);
  return hash || hashPassword(password || randomPassword());
}

/** What an administrator sets beside the address: the same for a new user and for one who is there. */
async function applyChanges(sql, user, change) {
  let changed = user;
  if (change.app_metadata) changed = await users.updateAppMetadata(sql, changed, change.app_metadata);
  if (change.user_metadata) changed = await users.updateUserMetadata(sql, changed, change.user_metadata);
  const until = bannedUntil(change);
  if (until !== undefined) changed = await users.updateUser(sql, changed, { banned_until: until });
  if (change.email_confirm) changed = await users.confirmUser(sql, changed);
  return changed;
}

async function create(auth, administrator, change) {
  if (!change.email && !change.phone) throw invalid("Cannot create a user without either an email or phone");
  if (change.phone) throw badRequest("phone_provider_disabled", "Phone logins are disabled");
  if (change.id && !isUuid(change.id)) throw invalid("ID must conform to the uuid v4 format");
  const email = checkEmail(change.email);
  await users.refuseTakenEmail(auth.sql, email, null);
  bannedUntil(change);
  const password = await passwordOf(change, auth.configuration);
  const wanted = users.newUser({ id: change.id || undefined, email, provider: "email", password, aud: change.aud || undefined });
  const failure = "Database error creating new user";
  return auth.sql
    .begin(async (sql) => {
      const metadata = { ...wanted, raw_user_meta_data: change.user_metadata ?? {} };
      const user = await users.insertUser(sql, metadata, { role: change.role || undefined, failure });
      await users.setEmailIdentity(sql, user, email, false);
      await audit(sql, administrator, "user_signedup", { traits: { ...traitsOf(user), provider: "email" } });
      await applyChanges(sql, user, { ...change, user_metadata: undefined });
      return users.findUser(sql, user.id);
    })
    .catch((error) => {
      throw internal(failure, error.cause ?? error);
    });
}

async function setPassword(sql, user, encrypted) {
  await endSessions(sql, user.id);
  return users.updateUser(sql, await clearTokens(sql, user), { encrypted_password: encrypted });
}

async function update(auth, administrator, user, change) {
  if (change.phone) throw badRequest("phone_provider_disabled", "Phone logins are disabled");
  const email = change.email && checkEmail(change.email);
  bannedUntil(change);
  if (change.password) checkPassword(change.password, auth.configuration);
  const encrypted = change.password && (await hashPassword(change.password));
  return auth.sql
    .begin(async (sql) => {
      let changed = user;
      if (change.role) changed = await users.updateUser(sql, changed, { role: change.role.trim() });
      if (encrypted) changed = await setPassword(sql, changed, encrypted);
      if (email) {
        await users.setEmailIdentity(sql, changed, email, change.email_confirm);
        changed = await users.updateUser(sql, changed, { email });
      }
      changed = await applyChanges(sql, changed, change);
      await audit(sql, administrator, "user_modified", { traits: traitsOf(changed) });
      return users.findUser(sql, user.id);
    })
    .catch((error) => {
      throw internal("Error updating user", error.cause ?? error);
    });
}

const obscured = (user, text) => createHash("sha256").update(user.id + text).digest("base64url");

/** The row stays, and nothing in it says who it was. */
async function softDelete(sql, user) {
  if (user.deleted_at) return;
  const hidden = { email: obscured(user, user.email ?? ""), email_change: obscured(user, user.email_change ?? "") };
  const phones = { phone: obscured(user, user.phone ?? "").slice(0, 15), phone_change: obscured(user, "").slice(0, 15) };
  const emptied = { encrypted_password: null, raw_user_meta_data: sql.json({}), raw_app_meta_data: sql.json({}) };
  await users.updateUser(sql, await clearTokens(sql, user), { ...hidden, ...phones, ...emptied, deleted_at: sql`now()` });
  for (const identity of user.identities) {
    const id = obscured(user, `${identity.provider}:${identity.provider_id}`);
    await sql`update auth.identities set identity_data = '{}', provider_id = ${id} where id = ${identity.id}`;
  }
  await sql`delete from auth.mfa_factors where user_id = ${user.id}`;
  await sql`delete from auth.webauthn_credentials where user_id = ${user.id}`;
  await endSessions(sql, user.id);
}

async function remove(auth, administrator, user, request) {
  const { should_soft_delete: isSoft } = request.body ? readParameters(request, { should_soft_delete: "boolean" }) : {};
  await auth.sql.begin(async (sql) => {
    await audit(sql, administrator, "user_deleted", { traits: traitsOf(user) });
    if (isSoft) await softDelete(sql, user).catch(failing("Error soft deleting user"));
    else await sql`delete from auth.users where id = ${user.id}`.catch(failing("Database error deleting user"));
  });
  return {};
}

async function removeFactor(auth, user, id, request) {
  const factor = findFactor(user, id);
  await auth.sql.begin(async (sql) => {
    await audit(sql, user, "factor_deleted", { traits: { user_id: user.id, factor_id: factor.id }, ip: request.ip });
    await deleteFactor(sql, factor);
  });
  return users.factorJson(factor);
}

export const adminUserRoutes = (auth) => async (app) => {
  app.decorateRequest("administrator", null);
  app.addHook("preHandler", async (request) => {
    request.administrator = await requireAdministrator(request, auth);
    const { id } = request.params;
    if (id === undefined) return;
    if (!isUuid(id)) throw notFound("validation_failed", "user_id must be an UUID");
    request.subject = await users.requireUserById(auth.sql, id);
  });
  app.decorateRequest("subject", null);

  app.get("/admin/users", (request, reply) => list(auth, request, reply));
  app.post("/admin/users", async (request) => {
    return users.userJson(await create(auth, request.administrator, readParameters(request, shape)));
  });
  app.get("/admin/users/:id", async ({ subject }) => users.userJson(subject));
  app.put("/admin/users/:id", async (request) => {
    return users.userJson(await update(auth, request.administrator, request.subject, readParameters(request, shape)));
  });
  app.delete("/admin/users/:id", (request) => remove(auth, request.administrator, request.subject, request));
  app.get("/admin/users/:id/factors", async ({ subject }) => subject.factors.map(users.factorJson));
  app.delete("/admin/users/:id/factors/:factor", (request) => removeFactor(auth, request.subject, request.params.factor, request));
};

