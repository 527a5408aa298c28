// PGRST1xx: what is wrong with the request itself.
import { RestError } from "./rest_error.ts";

const refusal = (status: number, code: string, message: string, details?: string, hint?: string) =>
  new RestError(status, { code: `PGRST1${code}`, message, details: details ?? null, hint: hint ?? null });

export const queryParameterError = (place: string, details: string) => refusal(400, "00", place, details);

export const invalidRpcMethod = (method: string) => refusal(405, "01", `Cannot use the ${method} method on RPC`);

export const invalidBody = (message: string) => refusal(400, "02", message);

export const invalidRange = (details: string) => refusal(416, "03", "Requested range not satisfiable", details);

export const offsetOutOfBounds = (offset: bigint, total: string) =>
  invalidRange(`An offset of ${offset} was requested, but there are only ${total} rows.`);

export const invalidPutFilters = () =>
  refusal(405, "05", "Filters must include all and only primary key columns with 'eq' operators");

export const unacceptableSchema = (schema: string, exposed: readonly string[]) =>
  refusal(
    406,
    "06",
    `Invalid schema: ${schema}`,
    undefined,
    `Only the following schemas are exposed: ${exposed.join(", ")}`,
  );

export const mediaTypesUnavailable = (types: readonly string[]) =>
  refusal(406, "07", `None of these media types are available: ${types.join(", ")}`);

/** `used`: the name and the alias of a relation that was named by the former though it has the latter. */
export function notEmbedded(resource: string, used?: { name: string; alias: string }) {
  const message = `'${resource}' is not an embedded resource in this request`;
  return used
    ? refusal(
      400,
      "08",
      message,
      "Target names are not allowed in filters if they have an alias",
      `Change '${used.name}' to '${used.alias}' in filters, orders or limits.`,
    )
    : refusal(400, "08", message, undefined, `Verify that '${resource}' is included in the 'select' query parameter.`);
}

export const badGucHeaders = () =>
  refusal(
    500,
    "11",
    "response.headers guc must be a JSON array composed of objects with a single key and a string value",
  );

export const badGucStatus = () => refusal(500, "12", "response.status guc must be a valid status code");

export const limitNotAllowedForPut = () =>
  refusal(400, "14", "limit/offset querystring parameters are not allowed for PUT");

export const putPrimaryKeyMismatch = () =>
  refusal(400, "15", "Payload values do not match URL in primary key column(s)");

export const notSingular = (rows: string) =>
  refusal(406, "16", "Cannot coerce the result to a single JSON object", `The result contains ${rows} rows`);

export const unsupportedMethod = (method: string) => refusal(405, "17", `Unsupported HTTP method: ${method}`);

export const relatedOrderNotToOne = (origin: string, target: string) =>
  refusal(
    400,
    "18",
    `A related order on '${target}' is not possible`,
    `'${origin}' and '${target}' do not form a many-to-one or one-to-one relationship`,
  );

export const badRaise = (details: string, hint: string) =>
  refusal(500, "21", `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`, details, hint);

export const invalidPreferences = (preferences: readonly string[]) =>
  refusal(
    400,
    "22",
    "Invalid preferences given with handling=strict",
    `Invalid preferences: ${preferences.join(", ")}`,
  );

export const aggregatesNotAllowed = () => refusal(400, "23", "Use of aggregate functions is not allowed");

export const maxAffectedExceeded = (rows: string) =>
  refusal(400, "24", "Query result exceeds max-affected preference constraint", `The query affects ${rows} rows`);

export const invalidPath = () => refusal(404, "25", "Invalid path specified in request URL");

export const maxAffectedNeedsSet = () =>
  refusal(
    400,
    "28",
    "Function must return SETOF or TABLE when max-affected preference is used with handling=strict",
  );
