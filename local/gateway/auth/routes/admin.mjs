// What else operators ask Auth: links of e-mails, invitations, the audit log.
import { audit } from "../audit_log.mjs";
import { requireAdministrator } from "../request_role.mjs";
import { checkEmail } from "../emails.mjs";
import { failing, internal, invalid, notFound, unprocessable } from "../errors.mjs";
import { runHook } from "../hooks.mjs";
import { newOtp, storeToken, tokenHash } from "../one_time_tokens.mjs";
import { readPage, setPageHeaders } from "../pagination.mjs";
import { readParameters } from "../parameters.mjs";
import { checkPassword, hashPassword } from "../passwords.mjs";
import { isRedirectAllowed, redirectTarget } from "../redirects.mjs";
import * as users from "../users.mjs";

const linkShape = { type: "string", email: "string", new_email: "string", password: "string", data: "object", redirect_to: "string" };

const kinds = {
  signup: "confirmation_token",
  invite: "confirmation_token",
  magiclink: "recovery_token",
  recovery: "recovery_token",
  email_change_current: "email_change_token_current",
  email_change_new: "email_change_token_new",
};

/** An account of the provider `email`, as far as the project's hook allows one. Raises: AuthError. */
async function createUser(auth, { email, password, data }, request) {
  const user = users.newUser({ email, provider: "email", metadata: data, password: password && (await hashPassword(password)) });
  const { beforeUserCreated: hook } = auth.configuration.hooks;
  if (hook) {
    await auth.sql.begin((sql) => runHook(sql, hook, "before-user-created", { user: users.userJson(user) }, request));
  }
  return user;
}

async function insert(sql, user) {
  const stored = await users.insertUser(sql, user);
  await users.setEmailIdentity(sql, stored, user.email, false);
  return users.findUser(sql, stored.id);
}

/** The user whom a link is for, made where the type makes one; `type` may change with that. */
async function prepareLink(auth, link, request) {
  const user = await users.findUserByEmail(auth.sql, link.email).catch(failing("Database error finding user"));
  const makes = ["signup", "invite"].includes(link.type);
  if (user) {
    if (makes && user.email_confirmed_at) throw unprocessable("email_exists", users.emailTaken);
    return { user, type: link.type };
  }
  if (!makes && link.type !== "magiclink") throw notFound("user_not_found", "User with this email not found");
  if (link.type === "signup") {
    if (!link.password) throw invalid("Signup requires a valid password");
    checkPassword(link.password, auth.configuration);
  }
  return { created: await createUser(auth, link, request), type: link.type === "magiclink" ? "signup" : link.type };
}

async function checkNewAddress(auth, { type, new_email: address }, user) {
  if (!type.startsWith("email_change")) return undefined;
  if (type === "email_change_current" && !auth.configuration.confirmsBothAddresses) {
    throw invalid("Enable secure email change to generate link for current email");
  }
  const email = checkEmail(address);
  await users.refuseTakenEmail(auth.sql, email, user.id);
  return email;
}

const actions = { recovery_token: "user_recovery_requested", confirmation_token: "user_invited" };

/** `{ user, hash, otp }` of a link that was stored. */
async function storeLink(auth, { user, created, type, newEmail }, administrator) {
  const otp = newOtp();
  const kind = kinds[type];
  return auth.sql.begin(async (sql) => {
    const owner = created ? await insert(sql, created) : user;
    const relatesTo = type === "email_change_new" ? newEmail : owner.email;
    // The change goes on: the link for the other address stays good.
    const continues = owner.email_change === newEmail;
    const change = newEmail && !continues ? { email_change: newEmail, email_change_confirm_status: 0 } : {};
    const more = { ...change, ...(type === "invite" && { invited_at: sql`now()` }) };
    const hash = tokenHash(relatesTo, otp);
    if (type === "invite" || kind === "recovery_token") {
      const traits = { user_id: owner.id, user_email: owner.email };
      await audit(sql, type === "invite" ? administrator : owner, actions[kind], type === "invite" ? { traits } : {});
    }
    return { user: await storeToken(sql, owner, kind, { hash, relatesTo, more }), hash, otp };
  });
}

async function generateLink(auth, administrator, request) {
  const link = readParameters(request, linkShape);
  link.email = checkEmail(link.email);
  if (!Object.hasOwn(kinds, link.type)) throw invalid(`Invalid email action link type requested: ${link.type}`);
  const { configuration } = auth;
  const redirectTo = isRedirectAllowed(link.redirect_to, configuration) ? link.redirect_to : redirectTarget(request, configuration);
  const prepared = await prepareLink(auth, link, request);
  const newEmail = await checkNewAddress(auth, link, prepared.user);
  const { user, hash, otp } = await storeLink(auth, { ...prepared, newEmail }, administrator);
  const { type } = prepared;
  const query = new URLSearchParams({ token: hash, type: type.replace(/_(current|new)$/, ""), redirect_to: redirectTo });
  return {
    ...users.userJson(user),
    action_link: `${configuration.issuer}/verify?${query}`,
    email_otp: otp,
    hashed_token: hash,
    verification_type: type,
    redirect_to: redirectTo,
  };
}

async function invite(auth, request) {
  const { email, data } = readParameters(request, { email: "string", data: "object" });
  await prepareLink(auth, { type: "invite", email: checkEmail(email), data }, request);
  throw internal("Error sending invite email"); // no mail is sent on this machine
}

const columns = { author: ["actor_username", "actor_name"], action: ["action"], type: ["log_type"] };

async function auditLog({ sql }, request, reply) {
  const page = readPage(request);
  const [scope, ...rest] = (request.query.query ?? "").split(":");
  if (scope && (!Object.hasOwn(columns, scope) || rest.length === 0)) throw invalid(`Invalid query scope: ${request.query.query}`);
  const text = rest.join(":");
  const names = text ? columns[scope] : [];
  const matching = sql`
    from auth.audit_log_entries as entry where ${names.length === 0} or exists (
      select from unnest(${names}::text[]) as name where entry.payload ->> name ilike ${`%${text}%`})`;
  const [{ total }] = await sql`select count(*)::int as total ${matching}`;
  const rows = await sql`
    select id, payload, created_at, ip_address ${matching}
    order by created_at desc, id limit ${page.perPage} offset ${page.offset}`.catch(failing("Error searching for audit logs"));
  setPageHeaders(reply, request, page, total);
  return rows;
}

export const adminRoutes = (auth) => async (app) => {
  app.decorateRequest("administrator", null);
  app.addHook("preHandler", async (request) => {
    request.administrator = await requireAdministrator(request, auth);
  });

  app.post("/admin/generate_link", (request) => generateLink(auth, request.administrator, request));
  app.post("/invite", (request) => invite(auth, request));
  app.get("/admin/audit", (request, reply) => auditLog(auth, request, reply));
};
