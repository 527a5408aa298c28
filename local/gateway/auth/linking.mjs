// Which user a Google account signs in as: the decision of Auth's automatic linking, and what is stored for it.
import { audit } from "./audit_log.mjs";
import { badRequest, forbidden, internal, unprocessable } from "./errors.mjs";
import { runHook } from "./hooks.mjs";
import * as users from "./users.mjs";

const provider = "google";
const signupsClosed = () => unprocessable("signup_disabled", "Signups not allowed for this instance");

async function findIdentity(sql, subject) {
  const [identity] = await sql`select * from auth.identities where provider = ${provider} and provider_id = ${subject}`;
  return identity;
}

/** The ids of the users whose identity or whose own row has that address. */
async function usersWithAddress(sql, email) {
  const identities = await sql`select distinct user_id as id from auth.identities where email = ${email} and provider not like 'sso:%'`;
  const rows = identities.length > 0 ? identities : await sql`select id from auth.users where email = ${email} and not is_sso_user`;
  return rows.map(({ id }) => id);
}

/** `{ identity }` of a known account, `{ userId }` of the user to link it to, or `{ email }` of the account to make. */
async function decide(sql, { email, isVerified, metadata }) {
  const identity = await findIdentity(sql, metadata.sub);
  if (identity) return { identity };
  const address = email.toLowerCase();
  const [userId, ...others] = address ? await usersWithAddress(sql, address) : [];
  // An address that nobody verified links to nobody, and is left out where it is somebody's.
  if (!isVerified) return { email: userId ? "" : address };
  if (others.length > 0) {
    throw internal("Multiple accounts with the same email address in the same linking domain detected: default");
  }
  return userId ? { userId } : { email: address };
}

const newGoogleUser = (email, metadata) => users.newUser({ email, provider, metadata });

/** Before anything is stored: whether the account may be made. Raises: AuthError, where the hook or the settings refuse. */
export async function askBeforeUserCreated(auth, userData, request) {
  const { hooks, allowsSignup } = auth.configuration;
  if (!hooks.beforeUserCreated) return;
  await auth.sql.begin(async (sql) => {
    const { email } = await decide(sql, userData);
    if (email === undefined) return;
    if (!allowsSignup) throw signupsClosed();
    const user = users.userJson(newGoogleUser(email, userData.metadata));
    await runHook(sql, hooks.beforeUserCreated, "before-user-created", { user }, request);
  });
}

async function signInKnown(sql, identity, metadata) {
  await sql`
    update auth.identities set identity_data = ${sql.json(metadata)}, last_sign_in_at = now(), updated_at = now()
    where id = ${identity.id}`;
  const user = await users.findUser(sql, identity.user_id);
  return users.updateProviders(sql, await users.updateUserMetadata(sql, user, metadata));
}

async function addIdentity(sql, user, metadata, request) {
  const identity = await users.insertIdentity(sql, user, provider, metadata);
  const traits = { identity_id: identity.id, provider, provider_id: identity.provider_id };
  await audit(sql, user, "identity_linked", { traits, ip: request.ip });
  return users.updateProviders(sql, user);
}

async function linkTo(sql, userId, metadata, request) {
  const user = await addIdentity(sql, await users.findUser(sql, userId), metadata, request);
  return users.updateUserMetadata(sql, user, metadata);
}

async function create(sql, email, metadata, { allowsSignup }) {
  if (!allowsSignup) throw signupsClosed();
  const user = await users.insertUser(sql, newGoogleUser(email, metadata));
  const identity = await users.insertIdentity(sql, user, provider, metadata);
  return { ...user, identities: [identity] };
}

/** An account whose address is not confirmed yet keeps nothing but this identity. */
async function confirm(sql, user, { isVerified, metadata }) {
  await sql`
    delete from auth.identities where user_id = ${user.id} and not (provider = ${provider} and provider_id = ${metadata.sub})`;
  const cleared = await users.updateUser(sql, user, { encrypted_password: null });
  const kept = await users.updateProviders(sql, await users.updateUserMetadata(sql, cleared, metadata));
  if (!isVerified) return undefined;
  await audit(sql, kept, "user_signedup", { traits: { provider } });
  return users.confirmUser(sql, kept);
}

const unverified = () =>
  unprocessable("provider_email_needs_verification", `Unverified email with ${provider}. Verify the email with ${provider} in order to sign in`);

/**
 * The user that a Google account signs in as, in a transaction. `{ refusal }` is an error to raise after the commit: what
 * was stored until then stays, as at Auth. Raises: AuthError.
 */
export async function signInWithGoogle(sql, userData, { request, auth }) {
  const { identity, userId, email } = await decide(sql, userData);
  const { metadata } = userData;
  const user = identity
    ? await signInKnown(sql, identity, metadata)
    : userId
      ? await linkTo(sql, userId, metadata, request)
      : await create(sql, email, metadata, auth.configuration);
  if (users.isBanned(user)) throw forbidden("user_banned", "User is banned");
  if (user.email_confirmed_at !== null) {
    await audit(sql, user, "login", { traits: { provider } });
    return { user };
  }
  const confirmed = await confirm(sql, user, userData);
  return confirmed ? { user: confirmed } : { refusal: unverified() };
}

/** Links a Google account to a user who asks for it. Raises: AuthError. */
export async function linkIdentity(sql, target, { metadata, isVerified }, request) {
  const found = await findIdentity(sql, metadata.sub);
  if (found) {
    const whose = found.user_id === target.id ? "" : " to another user";
    throw unprocessable("identity_already_exists", `Identity is already linked${whose}`);
  }
  const user = await addIdentity(sql, target, metadata, request);
  if (user.email) return user;
  if (!isVerified) throw badRequest("email_not_confirmed", `Unverified email with ${provider}`);
  return users.confirmUser(sql, await users.updateUser(sql, user, { email: metadata.email.toLowerCase() }));
}

