// Sign-in with Google: to the provider and back.
import { AuthError, badRequest, internal, invalid, notFound, OAuthError, redirectParametersOf } from "../errors.mjs";
import { isUuid, requireUser } from "../request_role.mjs";
import { beginFlow, deleteFlow, findFlow, finishFlow, isPkce } from "../flow_states.mjs";
import { askBeforeUserCreated, linkIdentity, signInWithGoogle } from "../linking.mjs";
import { redirectTarget, withParameters } from "../redirects.mjs";
import { beginSession } from "../sessions.mjs";
import { findUser } from "../users.mjs";

const otherProviders = new Set([
  ...["apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab", "kakao", "keycloak", "linkedin"],
  ...["linkedin_oidc", "notion", "snapchat", "spotify", "slack", "slack_oidc", "twitch", "twitter", "x", "workos", "zoom"],
]);

function checkProvider(name, { google }) {
  if (name === "google" && google.enabled) return;
  const reason = name === "google" || otherProviders.has(name) ? "provider is not enabled" : `Provider ${name} could not be found`;
  throw invalid(`Unsupported provider: ${reason}`);
}

/** The provider's address at which a sign-in begins. Raises: AuthError. */
async function beginAt({ sql, google, configuration }, request, targetId) {
  const { code_challenge: challenge, code_challenge_method: challengeMethod, ...query } = request.query;
  checkProvider(String(query.provider ?? "").toLowerCase(), configuration);
  const referrer = redirectTarget(request, configuration);
  const flow = { provider: "google", method: "oauth", challenge, challengeMethod, referrer, targetId };
  return google.authorizeUrl(await beginFlow(sql, flow), query);
}

async function loadFlow(sql, { state }) {
  if (!state) throw badRequest("bad_oauth_callback", "OAuth state parameter missing");
  if (!isUuid(state)) throw badRequest("bad_oauth_state", "OAuth state parameter is invalid");
  return findFlow(sql, state);
}

async function askProvider(google, { error, error_description: description, code }) {
  if (error) throw new OAuthError(error, description ?? "");
  if (!code) throw badRequest("bad_oauth_callback", "OAuth callback with missing authorization code missing");
  const answer = await google.exchange(code);
  if (!answer.userData.email) throw internal("Error getting user email from external provider");
  return answer;
}

function sessionAddress(address, session, { accessToken, refreshToken }) {
  const { access_token, token_type, expires_in, expires_at, refresh_token } = session;
  const parameters = new URLSearchParams({ access_token, expires_at, expires_in, provider_token: accessToken });
  if (refreshToken) parameters.set("provider_refresh_token", refreshToken);
  for (const [name, value] of Object.entries({ refresh_token, sb: "", token_type })) parameters.set(name, value);
  return `${address}#${parameters}`;
}

async function userOf(sql, flow, answer, context) {
  if (!flow.linking_target_id) return signInWithGoogle(sql, answer.userData, context);
  const target = await findUser(sql, flow.linking_target_id);
  if (!target) throw new AuthError(422, "user_not_found", "Linking target user not found");
  return { user: await linkIdentity(sql, target, answer.userData, context.request) };
}

/** Where the browser goes with what the provider answered. Raises: AuthError. */
async function finishAt(auth, flow, request) {
  const answer = await askProvider(auth.google, request.query);
  if (!flow.linking_target_id) await askBeforeUserCreated(auth, answer.userData, request);
  const context = { request, auth };
  const { address, refusal } = await auth.sql.begin(async (sql) => {
    const { user, refusal } = await userOf(sql, flow, answer, context);
    if (refusal) return { refusal };
    if (isPkce(flow)) {
      const { auth_code: code } = await finishFlow(sql, flow, user.id, answer);
      return { address: withParameters(flow.referrer, { code }) };
    }
    const session = await beginSession(sql, user, "oauth", context);
    await deleteFlow(sql, flow);
    return { address: sessionAddress(flow.referrer, session, answer) };
  });
  if (refusal) throw refusal;
  return address;
}

function withError(address, error) {
  const parameters = redirectParametersOf(error);
  const shown = Object.fromEntries(Object.entries(parameters).filter(([, value]) => value));
  return withParameters(address, parameters, shown);
}

export const signInRoutes = (auth) => async (app) => {
  const { sql, configuration, log } = auth;

  app.get("/authorize", async (request, reply) => reply.redirect(await beginAt(auth, request), 302));

  app.get("/callback", async (request, reply) => {
    let flow;
    try {
      flow = await loadFlow(sql, request.query);
    } catch (error) {
      return reply.redirect(withParameters(configuration.siteUrl, redirectParametersOf(error)), 303);
    }
    try {
      return reply.redirect(await finishAt(auth, flow, request), 302);
    } catch (error) {
      log(`auth: a sign-in was refused: ${error.code ?? error.error}: ${error.cause?.message ?? error.message}`);
      return reply.redirect(withError(flow.referrer ?? configuration.siteUrl, error), 302);
    }
  });

  app.get("/user/identities/authorize", async (request, reply) => {
    const { user } = await requireUser(request, auth);
    if (!configuration.allowsManualLinking) throw notFound("manual_linking_disabled", "Manual linking is disabled");
    const url = await beginAt(auth, request, user.id);
    return request.query.skip_http_redirect === "true" ? { url } : reply.redirect(url, 302);
  });
};
