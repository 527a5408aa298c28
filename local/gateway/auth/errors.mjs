// Auth's errors (https://supabase.com/docs/guides/auth/debugging/error-codes), and how each version of its API writes them.

/** An error with a status, a code and a message. `cause` may be the database's error behind it, `extra` more of the body. */
export class AuthError extends Error {
  constructor(status, code, message, cause) {
    super(message, { cause });
    Object.assign(this, { status, code });
  }
}

/** An error in OAuth's words (RFC 6749, 5.2). */
export class OAuthError extends Error {
  constructor(error, description, cause) {
    super(description, { cause });
    this.error = error;
  }
}

export const badRequest = (code, message) => new AuthError(400, code, message);
export const invalid = (message) => badRequest("validation_failed", message);
export const unauthorized = (code, message) => new AuthError(401, code, message);
export const forbidden = (code, message) => new AuthError(403, code, message);
export const notFound = (code, message) => new AuthError(404, code, message);
export const unprocessable = (code, message) => new AuthError(422, code, message);
export const internal = (message, cause) => new AuthError(500, "unexpected_failure", message, cause);

/** For `.catch`: what fails in the database is this failure of Auth. Auth's own errors stay. */
export const failing = (message) => (error) => {
  throw error instanceof AuthError || error instanceof OAuthError ? error : internal(message, error);
};

const versioned = "2024-01-01";
const header = "x-supabase-api-version";

/** Whether the caller asked for errors as of 2024-01-01 or later. */
function isVersioned(headers) {
  const asked = headers[header] ?? "";
  return /^\d{4}-\d\d-\d\d$/.test(asked) && !Number.isNaN(Date.parse(asked)) && asked >= versioned;
}

const raised = new Set(["P0001", "23000", "23001", "23502", "23503", "23505", "23514", "23P01"]);

/** The status of a database error that callers may read; undefined of any other. `PT403` is 403. */
function publicStatus({ code }) {
  if (raised.has(code)) return 500;
  return /^PT\d{3}$/.test(code ?? "") ? Number(code.slice(2)) : undefined;
}

function databaseError(error) {
  const status = error.cause && publicStatus(error.cause);
  if (!status) return undefined;
  const { code, message, detail, hint } = error.cause;
  return { status, body: { code, message, ...(hint && { hint }), ...(detail && { detail }) } };
}

const unexpected = () => internal("Unexpected failure, please check server logs for more information");

/** Status, body and headers of an error's answer to a request with these headers. */
export function answerOf(error, asked, requestId) {
  if (error instanceof OAuthError) {
    return { status: 400, body: { error: error.error, ...(error.message && { error_description: error.message }) }, headers: {} };
  }
  const { status, code, message, cause, extra } = error instanceof AuthError ? error : unexpected();
  const named = code ?? (status === 500 ? "unexpected_failure" : "unknown");
  const headers = code ? { "x-sb-error-code": code } : {};
  if (isVersioned(asked)) return { status, body: { code: named, message, ...extra }, headers: { ...headers, [header]: versioned } };
  const id = status >= 500 ? { error_id: requestId } : {};
  return { ...(databaseError({ cause }) ?? { status, body: { code: status, error_code: named, msg: message, ...id, ...extra } }), headers };
}

const oauthErrors = new Map([
  [400, "invalid_request"],
  [401, "unauthorized_client"],
  [403, "access_denied"],
  [500, "server_error"],
  [503, "temporarily_unavailable"],
]);
const denied = new Set(["signup_disabled", "user_banned", "provider_email_needs_verification"]);

/** An error as parameters of an address to which a sign-in returns (RFC 6749, 4.1.2.1). */
export function redirectParametersOf(error) {
  if (error instanceof OAuthError) return { error: error.error, error_description: error.message };
  const { status, code, message } = error instanceof AuthError ? error : unexpected();
  const name = denied.has(code) ? "access_denied" : (oauthErrors.get(status) ?? "server_error");
  return { error: name, error_code: code ?? "", error_description: message };
}
