// POST /token: a session for a code, a refresh token or an ID token of Google's.
import { createHash } from "node:crypto";
import { audit } from "../audit_log.mjs";
import { requireUser } from "../request_role.mjs";
import { AuthError, badRequest, invalid, OAuthError, unprocessable } from "../errors.mjs";
import { redeemCode } from "../flow_states.mjs";
import { googleClientId, googleIssuer } from "../google.mjs";
import { askBeforeUserCreated, linkIdentity, signInWithGoogle } from "../linking.mjs";
import { readParameters } from "../parameters.mjs";
import { refresh } from "../refresh.mjs";
import { beginSession } from "../sessions.mjs";
import { findUser } from "../users.mjs";

async function byCode(request, auth) {
  const { auth_code: code, code_verifier: verifier } = readParameters(request, { auth_code: "string", code_verifier: "string" });
  if (!code || !verifier) throw invalid("invalid request: both auth code and code verifier should be non-empty");
  return auth.sql.begin(async (sql) => {
    const flow = await redeemCode(sql, code, verifier);
    const user = await findUser(sql, flow.user_id);
    await audit(sql, user, "login", { traits: { provider_type: flow.provider_type } });
    const session = await beginSession(sql, user, flow.authentication_method, { request, auth });
    return {
      ...session,
      ...(flow.provider_access_token && { provider_token: flow.provider_access_token }),
      ...(flow.provider_refresh_token && { provider_refresh_token: flow.provider_refresh_token }),
    };
  });
}

function refuseByPassword(request) {
  const { email, phone } = readParameters(request, { email: "string", phone: "string", password: "string" });
  if (email && phone) throw invalid("Only an email address or phone number should be provided on login.");
  if (email) throw unprocessable("email_provider_disabled", "Email logins are disabled");
  if (phone) throw unprocessable("phone_provider_disabled", "Phone logins are disabled");
  throw invalid("missing email or phone");
}

const idTokenShape = {
  ...{ id_token: "string", access_token: "string", nonce: "string", provider: "string", client_id: "string", issuer: "string" },
  link_identity: "boolean",
};
const refusedRequest = (description, cause) => new OAuthError("invalid request", description, cause);

function checkIssuer({ provider, issuer, client_id: clientId }, { google }) {
  if (!provider && (!clientId || !issuer)) throw refusedRequest("provider or client_id and issuer required");
  if (provider !== "google" && issuer !== googleIssuer) throw invalid(`Custom OIDC provider "${provider}" not allowed`);
  if (!google.enabled) throw badRequest("provider_disabled", `Provider (issuer "${googleIssuer}") is not enabled`);
}

function checkNonce(given, { nonce }) {
  if (Boolean(given) !== Boolean(nonce)) {
    throw refusedRequest("Passed nonce and nonce in id_token should either both exist or not.");
  }
  // The provider is given the nonce's hash, so that only who began the sign-in knows the nonce.
  const hash = given && createHash("sha256").update(given).digest("hex");
  if (given && hash !== nonce) throw new OAuthError("invalid nonce", "Nonces mismatch");
}

async function readIdToken(parameters, { google, configuration }) {
  const { claims, userData } = await google.readIdToken(parameters.id_token, parameters.access_token).catch((error) => {
    throw refusedRequest("Bad ID token", error);
  });
  if (!claims.sub) throw refusedRequest("Missing sub claim in id_token");
  const audience = [claims.aud].flat();
  if (!audience.includes(googleClientId)) throw refusedRequest(`Unacceptable audience in id_token: [${audience.join(" ")}]`);
  if (!configuration.google.skipsNonce) checkNonce(parameters.nonce, claims);
  return userData;
}

async function byIdToken(request, auth) {
  const parameters = readParameters(request, idTokenShape);
  if (!parameters.id_token) throw refusedRequest("id_token required");
  checkIssuer(parameters, auth.configuration);
  const { link_identity: links } = parameters;
  if (links && !request.headers.authorization) {
    throw refusedRequest("Linking requires a valid user access token in Authorization");
  }
  const target = links ? (await requireUser(request, auth)).user : undefined;
  const userData = await readIdToken(parameters, auth);
  const context = { request, auth };
  if (!links) await askBeforeUserCreated(auth, userData, request);
  const { session, refusal } = await auth.sql
    .begin(async (sql) => {
      const { user, refusal } = links
        ? { user: await linkIdentity(sql, target, userData, request) }
        : await signInWithGoogle(sql, userData, context);
      return refusal ? { refusal } : { session: await beginSession(sql, user, "oauth", context) };
    })
    .catch((error) => {
      throw error instanceof AuthError ? error : new OAuthError("server_error", "Internal Server Error", error);
    });
  if (refusal) throw refusal;
  return session;
}

const grants = {
  password: refuseByPassword,
  refresh_token: (request, auth) =>
    refresh(readParameters(request, { refresh_token: "string" }).refresh_token, { request, auth }),
  id_token: byIdToken,
  pkce: byCode,
  web3: () => {
    throw unprocessable("web3_provider_disabled", "Web3 provider is disabled");
  },
};

export const tokenRoutes = (auth) => async (app) => {
  app.post("/token", async (request) => {
    const { grant_type: type } = request.query;
    if (!Object.hasOwn(grants, type ?? "")) throw badRequest("invalid_credentials", "unsupported_grant_type");
    return grants[type](request, auth);
  });
};
