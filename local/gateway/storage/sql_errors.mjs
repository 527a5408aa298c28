// What Supabase Storage answers for an error of the database, by SQLSTATE.
import {
  StorageError,
  accessDenied,
  databaseError,
  databaseTimeout,
  invalidParameter,
  invalidRequest,
  resourceAlreadyExists,
} from "./errors.mjs";

// Of the driver and the operating system: there is no database to talk to. 57P01 to 57P03: it stops or starts.
const unreachable = /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOENT$|08|57P0[123]$|57014$)/;
const sqlState = /^[0-9A-Z]{5}$/;

const failure = (status, code, message, rest = {}) => new StorageError({ status, code, message, ...rest });

const byState = {
  "23505": resourceAlreadyExists,
  "22021": () => unstorable(),
  "22P05": () => unstorable(),
  "22P02": (error) => invalidParameter("value", error.message),
  "25006": () =>
    failure(503, "DatabaseReadOnly", "The database is currently in read-only mode. Please try again later."),
  "42501": (error) =>
    accessDenied(error.message.includes("row-level security") ? "new row violates row-level security policy" : error.message),
  "42703": () => schemaMismatch(),
  "42P01": () => schemaMismatch(),
  "42P17": () =>
    failure(503, "DatabaseInvalidObjectDefinition", "The database schema is invalid or incompatible."),
  "53300": () =>
    failure(429, "SlowDown", "Too many connections issued to the database", { error: "too_many_connections", httpStatus: 429 }),
  "55P03": () => failure(423, "ResourceLocked", "The resource is locked"),
};

// U+0000, in a name or inside JSON.
const unstorable = () => invalidRequest("A name or value has a character that the database does not take");

const schemaMismatch = () =>
  failure(503, "DatabaseSchemaMismatch", "The database schema is out of sync. Please run migrations or contact support.");

function foreignKey({ detail = "", constraint_name: constraint = "" }) {
  if (!detail.includes("is still referenced from table")) {
    return failure(404, "InvalidRequest", "The related resource does not exist");
  }
  const message = constraint.startsWith("s3_multipart_uploads")
    ? "The bucket could not be updated because it is referenced by a pending multipart upload."
    : "The resource could not be updated or removed due to a foreign key constraint";
  return failure(409, "ResourceReferenced", message);
}

/** The StorageError for what the driver threw; anything else as it is. */
export function asStorageError(error) {
  const state = error?.code;
  if (error instanceof StorageError || typeof state !== "string") return error;
  if (unreachable.test(state)) return databaseTimeout();
  if (!sqlState.test(state)) return error;
  if (state === "23503") return foreignKey(error);
  return byState[state]?.(error) ?? databaseError(state);
}
