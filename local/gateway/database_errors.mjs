// Database errors as PostgREST answers them: the HTTP status follows from the SQLSTATE.
// https://docs.postgrest.org/en/stable/references/errors.html

// Supabase Lite gives these the right answer itself: 42501 depends on who asks, and its Storage looks for the other two.
const leftToLite = new Set(["42501", "23505", "23503", "PGRST"]);

const byState = {
  "25006": 405, // read-only transaction
  "42883": 404, // undefined function
  "42P01": 404, // undefined table
  "42P17": 500, // infinite recursion
  "53400": 500, // configuration limit exceeded
  "57P01": 503, // terminated by an administrator
  P0001: 400, // raise
};

const byClass = {
  "08": 503, "09": 500, "0L": 403, "0P": 403, "25": 500, "28": 403, "2D": 500, "38": 500, "39": 500, "3B": 500, "40": 500,
  "53": 503, "54": 500, "55": 500, "57": 500, "58": 500, F0: 500, HV: 500, P0: 500, XX: 500,
};

function statusOfState(state, message = "") {
  if (state === "21000") return message.endsWith("requires a WHERE clause") ? 400 : 500;
  if (state === "22023" && /^role .* does not exist$/.test(message)) return 401;
  if (state.startsWith("PT")) {
    const status = Number(state.slice(2));
    return status >= 200 && status <= 599 ? status : 500;
  }
  return byState[state] ?? byClass[state.slice(0, 2)] ?? 400;
}

// What the driver and the operating system say when there is no database to talk to; 57P03 is one that is still starting.
const unreachable = /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOENT|57P0[123]$)/;
const sqlState = /^[0-9A-Z]{5}$/;

export const isUnreachable = (error) => unreachable.test(error?.code ?? "");

// An answer in PostgREST's own notation for one (`raise sqlstate 'PGRST'`), which Supabase Lite understands.
function answer(status, { code, message, details = null, hint = null }) {
  return Object.assign(new Error(JSON.stringify({ code, message, details, hint })), {
    code: "PGRST",
    detail: JSON.stringify({ status, headers: status === 503 ? { "retry-after": "1" } : {} }),
  });
}

/** The error for Supabase Lite to answer with, in place of the one that the driver threw. */
export function asPostgrestError(error) {
  if (isUnreachable(error)) {
    return answer(503, { code: "PGRST000", message: "Database connection error. Retrying the connection." });
  }
  const state = error?.code;
  if (typeof state !== "string" || !sqlState.test(state) || leftToLite.has(state)) return error;
  const { message, detail, hint } = error;
  return answer(statusOfState(state, message), { code: state, message, details: detail ?? null, hint: hint ?? null });
}
