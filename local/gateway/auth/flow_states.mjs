// auth.flow_state: a sign-in that is under way, and the code by which a PKCE client (RFC 7636) gets its session.
import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { badRequest, failing, invalid, notFound, unprocessable } from "./errors.mjs";

const expirySeconds = 300;
const isChallenge = /^[a-zA-Z._~0-9-]+$/;

/** Raises: AuthError, for a challenge without its method, or one that is none. */
export function checkChallenge(challenge, method) {
  if (!challenge && !method) return;
  if (typeof challenge !== "string" || typeof method !== "string" || !challenge || !method) throw invalid("PKCE flow requires code_challenge_method and code_challenge");
  if (challenge.length < 43 || challenge.length > 128) throw invalid("code challenge has to be between 43 and 128 characters");
  if (!isChallenge.test(challenge)) {
    throw invalid("code challenge can only contain alphanumeric characters, hyphens, periods, underscores and tildes");
  }
  if (!["s256", "plain"].includes(method.toLowerCase())) throw invalid("Invalid code_challenge_method");
}

/** The id of a new flow; `state` of the sign-in at the provider. */
export async function beginFlow(sql, { provider, method, challenge, challengeMethod, referrer, userId, targetId }) {
  checkChallenge(challenge, challengeMethod);
  // Nobody comes back to these: anybody may begin a sign-in, and few end each.
  await sql`delete from auth.flow_state where created_at < now() - interval '24 hours'`;
  const id = randomUUID();
  const [authCode, codeMethod] = challenge ? [randomUUID(), challengeMethod.toLowerCase()] : [null, null];
  await sql`
    insert into auth.flow_state (
      id, user_id, auth_code, authentication_method, code_challenge_method, code_challenge, provider_type,
      provider_access_token, provider_refresh_token, referrer, linking_target_id, email_optional, created_at, updated_at
    ) values (
      ${id}, ${userId ?? null}, ${authCode}, ${method}, ${codeMethod}, ${challenge || null}, ${provider}, '', '',
      ${referrer ?? null}, ${targetId ?? null}, false, now(), now()
    )`.catch(failing("Error creating flow state"));
  return id;
}

const isExpired = ({ created_at: created }) => Date.now() > Date.parse(created) + expirySeconds * 1000;
export const isPkce = ({ code_challenge: challenge }) => Boolean(challenge);

/** The flow that a provider's answer belongs to. Raises: AuthError. */
export async function findFlow(sql, state) {
  const [flow] = await sql`select * from auth.flow_state where id = ${state}`;
  if (!flow) throw badRequest("bad_oauth_state", "OAuth state not found or expired");
  if (isExpired(flow)) throw badRequest("bad_oauth_state", "OAuth state has expired");
  if (isPkce(flow) && flow.user_id) throw badRequest("flow_state_already_used", "State has already been used");
  return flow;
}

/** The flow with its user, ready for the client's code; once. Raises: AuthError. */
export async function finishFlow(sql, flow, userId, { accessToken, refreshToken }) {
  const [finished] = await sql`
    update auth.flow_state set user_id = ${userId}, provider_access_token = ${accessToken},
      provider_refresh_token = ${refreshToken}, auth_code_issued_at = now(), updated_at = now()
    where id = ${flow.id} and user_id is null returning *`;
  if (!finished) throw badRequest("flow_state_already_used", "State has already been used");
  return finished;
}

export const deleteFlow = (sql, flow) => sql`delete from auth.flow_state where id = ${flow.id}`;

const s256 = (verifier) => createHash("sha256").update(verifier).digest("base64url");

function isSame(given, expected) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The flow that a code ends, taken from the table: a code is good once. Raises: AuthError. */
export async function redeemCode(sql, code, verifier) {
  const [flow] = await sql`select * from auth.flow_state where auth_code = ${code} for update`;
  if (!flow?.user_id) throw notFound("flow_state_not_found", "invalid flow state, no valid flow state found");
  if (isExpired(flow)) throw unprocessable("flow_state_expired", "invalid flow state, flow state has expired");
  const given = flow.code_challenge_method === "s256" ? s256(verifier) : verifier;
  if (!isSame(given, flow.code_challenge)) {
    throw badRequest("bad_code_verifier", "code challenge does not match previously saved code verifier");
  }
  await deleteFlow(sql, flow);
  return flow;
}
