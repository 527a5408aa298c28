// Auth's users and their identities: rows, and the JSON that clients read.
import { randomUUID } from "node:crypto";
import { failing, notFound, unprocessable } from "./errors.mjs";

export const audience = "authenticated";
export const emailTaken = "A user with this email address has already been registered";

const optional = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null && value !== ""));

const identityJson = (identity) => ({
  identity_id: identity.id,
  id: identity.provider_id,
  user_id: identity.user_id,
  identity_data: identity.identity_data,
  provider: identity.provider,
  ...optional({ last_sign_in_at: identity.last_sign_in_at }),
  created_at: identity.created_at,
  updated_at: identity.updated_at,
  ...optional({ email: identity.email }),
});

export const factorJson = (factor) => ({
  id: factor.id,
  created_at: factor.created_at,
  updated_at: factor.updated_at,
  status: factor.status,
  ...optional({ friendly_name: factor.friendly_name }),
  factor_type: factor.factor_type,
  ...optional({ last_challenged_at: factor.last_challenged_at }),
});

/** A user as Auth answers it. */
export function userJson(user) {
  return {
    id: user.id,
    aud: user.aud ?? "",
    role: user.role ?? "",
    email: user.email ?? "",
    ...optional({ email_confirmed_at: user.email_confirmed_at, invited_at: user.invited_at }),
    phone: user.phone ?? "",
    ...optional({
      phone_confirmed_at: user.phone_confirmed_at,
      confirmation_sent_at: user.confirmation_sent_at,
      confirmed_at: user.confirmed_at,
      recovery_sent_at: user.recovery_sent_at,
      new_email: user.email_change,
      email_change_sent_at: user.email_change_sent_at,
      new_phone: user.phone_change,
      phone_change_sent_at: user.phone_change_sent_at,
      reauthentication_sent_at: user.reauthentication_sent_at,
      last_sign_in_at: user.last_sign_in_at,
    }),
    app_metadata: user.raw_app_meta_data ?? {},
    user_metadata: user.raw_user_meta_data ?? {},
    ...(user.factors?.length > 0 && { factors: user.factors.map(factorJson) }),
    identities: user.identities?.map(identityJson) ?? null,
    created_at: user.created_at,
    updated_at: user.updated_at,
    ...optional({ banned_until: user.banned_until, deleted_at: user.deleted_at }),
    is_anonymous: user.is_anonymous,
  };
}

async function withParts(sql, user) {
  if (!user) return undefined;
  const identities = await sql`select * from auth.identities where user_id = ${user.id} order by created_at, id`;
  const factors = await sql`select * from auth.mfa_factors where user_id = ${user.id} order by created_at, id`;
  return { ...user, identities, factors };
}

/** The user with that id, with identities and factors; undefined where there is none. */
export async function findUser(sql, id) {
  const [user] = await sql`select * from auth.users where id = ${id}`;
  return withParts(sql, user);
}

export async function findUserByEmail(sql, email) {
  const [user] = await sql`
    select * from auth.users where lower(email) = ${email.toLowerCase()} and aud = ${audience} and not is_sso_user`;
  return withParts(sql, user);
}

/** Raises: AuthError, where there is no such user. */
export async function requireUserById(sql, id) {
  const user = await findUser(sql, id).catch(failing("Database error loading user"));
  if (!user) throw notFound("user_not_found", "User not found");
  return user;
}

/** Raises: AuthError, where another user, or an identity of one, has that address. */
export async function refuseTakenEmail(sql, email, userId) {
  const [taken] = await sql`
    select from auth.users where lower(email) = ${email} and not is_sso_user and id is distinct from ${userId}
    union all select from auth.identities
    where email = ${email} and provider not like 'sso:%' and user_id is distinct from ${userId}
    limit 1`.catch(failing("Database error checking email"));
  if (taken) throw unprocessable("email_exists", emailTaken);
}

/** The user with these columns changed. */
export async function updateUser(sql, user, columns) {
  const [changed] = await sql`
    update auth.users set ${sql(columns)}, updated_at = now() where id = ${user.id} returning *`;
  return { ...user, ...changed };
}

/** Metadata with updates, of which null removes a member. */
export const merged = (metadata, updates) =>
  Object.fromEntries(Object.entries({ ...metadata, ...updates }).filter(([, value]) => value !== null));

export const updateUserMetadata = (sql, user, updates) =>
  updateUser(sql, user, { raw_user_meta_data: sql.json(merged(user.raw_user_meta_data, updates)) });

export const updateAppMetadata = (sql, user, updates) =>
  updateUser(sql, user, { raw_app_meta_data: sql.json(merged(user.raw_app_meta_data, updates)) });

/** app_metadata.providers, of the user's identities. */
export async function updateProviders(sql, user) {
  const rows = await sql`select provider from auth.identities where user_id = ${user.id} order by created_at, id`;
  const providers = [...new Set(rows.map(({ provider }) => provider))];
  return updateAppMetadata(sql, user, { providers, ...(providers.length > 0 && { provider: providers[0] }) });
}

/** A new user's row before it is stored: the hook sees it, and `insertUser` stores it. */
export const newUser = ({ id, email = "", provider, metadata, password = "", aud = audience }) => ({
  id: id ?? randomUUID(),
  aud,
  role: "",
  email: email.toLowerCase(),
  encrypted_password: password,
  raw_app_meta_data: { provider, providers: [provider] },
  raw_user_meta_data: metadata ?? {},
  is_anonymous: false,
  identities: [],
});

export async function insertUser(sql, user, { role = audience, failure = "Database error saving new user" } = {}) {
  const [row] = await sql`
    insert into auth.users (
      instance_id, id, aud, role, email, encrypted_password, confirmation_token, recovery_token, email_change_token_new,
      email_change_token_current, email_change, phone_change, phone_change_token, reauthentication_token,
      raw_app_meta_data, raw_user_meta_data, is_sso_user, is_anonymous, created_at, updated_at
    ) values (
      '00000000-0000-0000-0000-000000000000', ${user.id}, ${user.aud}, ${role}, ${user.email || null},
      ${user.encrypted_password}, '', '', '', '', '', '', '', '',
      ${sql.json(user.raw_app_meta_data)}, ${sql.json(user.raw_user_meta_data)}, false, false, now(), now()
    ) returning *`.catch(failing(failure));
  const stored = await findUser(sql, row.id).catch(failing("Database error loading user after sign-up"));
  return stored ?? { ...row, identities: [], factors: [] };
}

const lowerEmail = (data) => (typeof data.email === "string" ? { ...data, email: data.email.toLowerCase() } : data);

/** Stores an identity with what its provider says; `data.sub` is its id there. */
export async function insertIdentity(sql, user, provider, data) {
  const [identity] = await sql`
    insert into auth.identities (id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    values (${randomUUID()}, ${data.sub}, ${user.id}, ${sql.json(lowerEmail(data))}, ${provider}, now(), now(), now())
    returning *`.catch(failing("Error creating identity"));
  return identity;
}

/** The identity of provider `email` that a user has beside Google's: made where it is missing. */
export async function setEmailIdentity(sql, user, email, isVerified) {
  const data = { sub: user.id, email, email_verified: isVerified, phone_verified: false };
  const [found] = await sql`
    update auth.identities set identity_data = identity_data || ${sql.json(lowerEmail(data))}, updated_at = now()
    where provider = 'email' and provider_id = ${user.id} returning id`;
  if (!found) await insertIdentity(sql, user, "email", data);
}

/** Marks the address as confirmed. */
export const confirmUser = async (sql, user) =>
  updateUserMetadata(sql, await updateUser(sql, user, { confirmation_token: "", email_confirmed_at: sql`now()` }), {
    email_verified: true,
  });

export const isBanned = ({ banned_until: until }) => until !== null && Date.parse(until) > Date.now();

export const hasVerifiedFactor = ({ factors = [] }) => factors.some(({ status }) => status === "verified");
