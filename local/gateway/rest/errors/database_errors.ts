// What the database refused, and with which HTTP status. https://docs.postgrest.org/en/v16/references/errors.html#http-status-codes
import { badRaise } from "./request_errors.ts";
import { RestError } from "./rest_error.ts";

/** An ErrorResponse of PostgreSQL, as node-postgres reports it. */
export interface DatabaseFailure {
  /** SQLSTATE. */
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

const BY_STATE: Record<string, number> = {
  "23503": 409, // foreign_key_violation
  "23505": 409, // unique_violation
  "25006": 405, // read_only_sql_transaction
  "42883": 404, // undefined_function
  "42P01": 404, // undefined_table
  "42P17": 500, // infinite recursion
  "53400": 500, // configuration_limit_exceeded
  "57P01": 503, // admin_shutdown
  P0001: 400, // raise_exception
};

const BY_CLASS: Record<string, number> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "58": 500,
  F0: 500,
  HV: 500,
  P0: 500,
  XX: 500,
};

function statusOf({ code, message }: DatabaseFailure, isAnonymous: boolean): number {
  if (code === "42501") return isAnonymous ? 401 : 403;
  if (code === "21000") return message.endsWith("requires a WHERE clause") ? 400 : 500;
  if (code === "22023" && message.startsWith("role") && message.endsWith("does not exist")) return 401;
  if (code === "42883" && message.startsWith("function xmlagg(")) return 406;
  return BY_STATE[code] ?? BY_CLASS[code.slice(0, 2)] ?? 400;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const isOptionalText = (value: unknown) => value === undefined || value === null || typeof value === "string";

const DETAIL_HINT =
  "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'.";

/** `raise sqlstate 'PGRST'`: the whole answer, chosen by a function. Throws nothing: what cannot be read is PGRST121. */
function raisedResponse({ message, detail }: DatabaseFailure): RestError {
  const body = readJson(message);
  if (
    !isObject(body) || typeof body.code !== "string" || typeof body.message !== "string" ||
    !isOptionalText(body.details) || !isOptionalText(body.hint)
  ) {
    return badRaise(
      `Invalid JSON value for MESSAGE: '${message}'`,
      "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
    );
  }
  if (detail === undefined) return badRaise("DETAIL is missing in the RAISE statement", DETAIL_HINT);
  const response = readJson(detail);
  const isHeaders = (value: unknown): value is Record<string, string> =>
    isObject(value) && Object.values(value).every((one) => typeof one === "string");
  if (
    !isObject(response) || !Number.isInteger(response.status) || !isHeaders(response.headers) ||
    !isOptionalText(response.status_text)
  ) {
    return badRaise(`Invalid JSON value for DETAIL: '${detail}'`, DETAIL_HINT);
  }
  return new RestError(
    response.status as number,
    { code: body.code, message: body.message, details: body.details, hint: body.hint as string | null },
    { headers: response.headers, statusText: (response.status_text as string | null) ?? undefined },
  );
}

/** A status of HTTP's own, chosen by a function (`raise sqlstate 'PT402'`), with the message as its reason. */
function chosenStatus({ code, message }: DatabaseFailure): { status: number; statusText?: string } {
  const status = Number(code.slice(2));
  const isStatus = Number.isInteger(status) && status >= 200 && status <= 599;
  return isStatus ? { status, statusText: message } : { status: 500 };
}

export function databaseError(failure: DatabaseFailure, isAnonymous: boolean): RestError {
  if (failure.code === "PGRST") return raisedResponse(failure);
  const { code, message, detail, hint } = failure;
  const { status, statusText } = code.startsWith("PT")
    ? chosenStatus(failure)
    : { status: statusOf(failure, isAnonymous), statusText: undefined };
  const headers: Record<string, string> = status === 401 ? { "WWW-Authenticate": "Bearer" } : {};
  return new RestError(status, { code, message, details: detail ?? null, hint: hint ?? null }, { headers, statusText });
}

const unavailable = (status: number, code: string, message: string) => new RestError(status, { code, message });

export const connectionError = () => unavailable(503, "PGRST000", "Database connection error.");
export const clientError = () => unavailable(503, "PGRST001", "Database client error. Retrying the connection.");
export const noSchemaCache = () =>
  unavailable(503, "PGRST002", "Could not query the database for the schema cache. Retrying.");
export const poolTimeout = () => unavailable(504, "PGRST003", "Timed out acquiring connection from connection pool.");
