// Each method of supabase-js's Auth client once: as a signed-in user, and as an administrator.
import { browse, client, main } from "../e2e/scripts/supabase.mjs";

/** What a method gave: its data, or the error's status, code and name. */
const outcome = ({ data, error }) => (error ? { status: error.status, code: error.code ?? null, name: error.name } : { data: data ?? null });

async function signIn(auth, { hint, redirectTo, site }) {
  const options = { redirectTo, skipBrowserRedirect: true, queryParams: { login_hint: hint } };
  const { data } = await auth.signInWithOAuth({ provider: "google", options });
  const back = await browse(data.url, site);
  return auth.exchangeCodeForSession(back.searchParams.get("code"));
}

async function asUser(given) {
  const { auth } = client(given.url, given.key);
  const signedIn = await signIn(auth, given);
  const { session } = signedIn.data;
  const calls = {
    getSession: () => auth.getSession(),
    getUser: () => auth.getUser(),
    getUserOfNobody: () => auth.getUser("a.b.c"),
    getClaims: () => auth.getClaims(),
    refreshSession: () => auth.refreshSession(),
    refreshUnknown: () => auth.refreshSession({ refresh_token: "aaaaaaaaaaaa" }),
    setSession: async () => auth.setSession((await auth.getSession()).data.session),
    updateData: () => auth.updateUser({ data: { colour: "blue" } }),
    updateWeakPassword: () => auth.updateUser({ password: "abc" }),
    updateEmail: () => auth.updateUser({ email: `new-${session.user.email}` }),
    updateEmailAgain: () => auth.updateUser({ email: `newer-${session.user.email}` }),
    updateEmailOfNone: () => auth.updateUser({ email: "no address" }),
    updatePhone: () => auth.updateUser({ phone: "+15555550100" }),
    reauthenticate: () => auth.reauthenticate(),
    getUserIdentities: () => auth.getUserIdentities(),
    linkIdentity: () => auth.linkIdentity({ provider: "google", options: { skipBrowserRedirect: true } }),
    unlinkIdentity: async () => auth.unlinkIdentity((await auth.getUserIdentities()).data.identities[0]),
    enroll: () => auth.mfa.enroll({ factorType: "totp" }),
    enrollPhone: () => auth.mfa.enroll({ factorType: "phone", phone: "+15555550100" }),
    challenge: () => auth.mfa.challenge({ factorId: session.user.id }),
    verify: () => auth.mfa.verify({ factorId: session.user.id, challengeId: session.user.id, code: "123456" }),
    unenroll: () => auth.mfa.unenroll({ factorId: "none" }),
    listFactors: () => auth.mfa.listFactors(),
    assurance: () => auth.mfa.getAuthenticatorAssuranceLevel(),
    signInWithSso: () => auth.signInWithSSO({ domain: "example.com" }),
    resend: () => auth.resend({ type: "signup", email: session.user.email }),
    exchangeAgain: () => auth.exchangeCodeForSession(session.user.id),
    signOutOthers: () => auth.signOut({ scope: "others" }),
    signOut: () => auth.signOut({ scope: "local" }),
    getUserSignedOut: () => auth.getUser(session.access_token),
  };
  const outcomes = {};
  for (const [name, call] of Object.entries(calls)) outcomes[name] = outcome(await call());
  return outcomes;
}

async function asAdministrator({ url, secret, userId, email }) {
  const { admin } = client(url, secret).auth;
  const nobody = "00000000-0000-4000-8000-0000000000ff";
  const calls = {
    listUsers: () => admin.listUsers({ page: 1, perPage: 1 }),
    getUserById: () => admin.getUserById(userId),
    getNobody: () => admin.getUserById(nobody),
    updateMetadata: () => admin.updateUserById(userId, { app_metadata: { plan: "x" }, user_metadata: { colour: "red" } }),
    updateEmail: () => admin.updateUserById(userId, { email: `set-${email}`, email_confirm: true }),
    ban: () => admin.updateUserById(userId, { ban_duration: "24h" }),
    banBadly: () => admin.updateUserById(userId, { ban_duration: "a while" }),
    lift: () => admin.updateUserById(userId, { ban_duration: "none" }),
    createUser: () => admin.createUser({ email: `made-${email}`, email_confirm: true }),
    createNobody: () => admin.createUser({}),
    invite: () => admin.inviteUserByEmail(`invited-${email}`),
    magicLink: () => admin.generateLink({ type: "magiclink", email: `set-${email}` }),
    recoveryOfNobody: () => admin.generateLink({ type: "recovery", email: "nobody@example.com" }),
    signupLink: () => admin.generateLink({ type: "signup", email: `made-${email}`, password: "correct horse" }),
    listFactors: () => admin.mfa.listFactors({ userId }),
    deleteFactor: () => admin.mfa.deleteFactor({ userId, id: nobody }),
    listOAuthClients: () => admin.oauth.listClients(),
    signOutNobody: () => admin.signOut("a.b.c"),
    softDelete: () => admin.deleteUser(userId, true),
    deleteUser: () => admin.deleteUser(userId),
    deleteAgain: () => admin.deleteUser(userId),
  };
  const outcomes = {};
  for (const [name, call] of Object.entries(calls)) outcomes[name] = outcome(await call());
  return outcomes;
}

await main((given) => (given.userId ? asAdministrator(given) : asUser(given)));
