// A request as PostgREST understands it: what is done, to what, in which schema.
import {
  invalidPath,
  invalidRange,
  invalidRpcMethod,
  limitNotAllowedForPut,
  unacceptableSchema,
  unsupportedMethod,
} from "../errors/request_errors.ts";
import type { Identifier } from "../schema_cache/types.ts";
import { type MediaType, readAccept, readMediaType } from "./media_types.ts";
import { type Payload, readPayload } from "./payload.ts";
import { type Preferences, readPreferences } from "./preferences.ts";
import { type QueryParams, readQueryParams } from "./query_params.ts";
import { ALL_ROWS, fromHeader, intersect, isAll, isEmpty, isLimitZero, NO_ROWS, type RowRange } from "./ranges.ts";

export type Mutation = "create" | "update" | "upsert" | "delete";
export type CallMethod = "post" | "get" | "head";

export type Action =
  | { kind: "read"; target: Identifier; headersOnly: boolean }
  | { kind: "mutate"; target: Identifier; mutation: Mutation }
  | { kind: "call"; target: Identifier; method: CallMethod }
  | { kind: "describe"; headersOnly: boolean }
  | { kind: "relation options"; target: Identifier }
  | { kind: "routine options"; target: Identifier }
  | { kind: "root options" };

export interface IncomingRequest {
  method: string;
  /** Below /rest/v1, still percent-encoded: `/projects`. */
  path: string;
  query: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

export interface ApiRequest {
  action: Action;
  schema: string;
  /** Whether Content-Profile names the schema in the answer. */
  isSchemaNegotiated: boolean;
  query: QueryParams;
  /** The rows of the whole result that are wanted. */
  range: RowRange;
  payload: Payload | null;
  columns: readonly string[];
  preferences: Preferences;
  accepts: readonly MediaType[];
  contentType: MediaType;
}

const WRITES = new Set(["POST", "PATCH", "PUT", "DELETE"]);

function readSchema({ method, headers }: IncomingRequest, schemas: readonly string[]): string {
  const profile = WRITES.has(method) ? headers["content-profile"] : headers["accept-profile"];
  if (profile !== undefined && !schemas.includes(profile)) throw unacceptableSchema(profile, schemas);
  return profile ?? schemas[0];
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

type Resource = { kind: "root" } | { kind: "relation" | "routine"; name: string };

function readResource(path: string): Resource {
  const segments = path.replace(/^\//, "").split("/").map(decodeSegment);
  if (segments.length === 1) return segments[0] === "" ? { kind: "root" } : { kind: "relation", name: segments[0] };
  if (segments.length === 2 && segments[0] === "rpc") return { kind: "routine", name: segments[1] };
  throw invalidPath();
}

const MUTATIONS: Record<string, Mutation> = { POST: "create", PUT: "upsert", PATCH: "update", DELETE: "delete" };
const CALLS: Record<string, CallMethod> = { POST: "post", GET: "get", HEAD: "head" };

function readAction(resource: Resource, schema: string, method: string): Action {
  const headersOnly = method === "HEAD";
  if (resource.kind === "root") {
    if (method === "GET" || headersOnly) return { kind: "describe", headersOnly };
    if (method === "OPTIONS") return { kind: "root options" };
    throw unsupportedMethod(method);
  }
  const target = { schema, name: resource.name };
  if (resource.kind === "routine") {
    if (Object.hasOwn(CALLS, method)) return { kind: "call", target, method: CALLS[method] };
    if (method === "OPTIONS") return { kind: "routine options", target };
    throw invalidRpcMethod(method);
  }
  if (method === "GET" || headersOnly) return { kind: "read", target, headersOnly };
  if (Object.hasOwn(MUTATIONS, method)) return { kind: "mutate", target, mutation: MUTATIONS[method] };
  if (method === "OPTIONS") return { kind: "relation options", target };
  throw unsupportedMethod(method);
}

/** RFC 9110: Range counts for GET alone. Throws PGRST103, PGRST114. */
function readRange({ method, headers }: IncomingRequest, limited: RowRange): RowRange {
  const asked = method === "GET" ? fromHeader(headers.range) : ALL_ROWS;
  const range = isLimitZero(limited) ? NO_ROWS : intersect(asked, limited);
  if (isEmpty(range) && !isLimitZero(limited)) {
    throw invalidRange(
      isEmpty(asked)
        ? "The lower boundary must be lower than or equal to the upper boundary in the Range header."
        : "Limit should be greater than or equal to zero.",
    );
  }
  if (method === "PUT" && !isAll(range)) throw limitNotAllowedForPut();
  return range;
}

const columnsCount = (action: Action) =>
  action.kind === "call" ||
  (action.kind === "mutate" && (action.mutation === "create" || action.mutation === "update"));
const hasPayload = (action: Action) =>
  (action.kind === "mutate" && action.mutation !== "delete") || (action.kind === "call" && action.method === "post");

/** Throws PGRST1xx. */
export function readApiRequest(request: IncomingRequest, schemas: readonly string[]): ApiRequest {
  const { method, headers, body } = request;
  const resource = readResource(request.path);
  const schema = readSchema(request, schemas);
  const action = readAction(resource, schema, method);
  const query = readQueryParams(request.query, action.kind === "call" && action.method !== "post");
  const range = readRange(request, query.ranges.get("limit") ?? ALL_ROWS);
  const contentType = readMediaType(headers["content-type"] ?? "application/json");
  const read = hasPayload(action)
    ? readPayload(body, contentType, columnsCount(action) ? query.columns : null, action.kind === "call")
    : { payload: null, columns: [] };
  return {
    action,
    schema,
    isSchemaNegotiated: schemas.length > 1 ||
      headers[WRITES.has(method) ? "content-profile" : "accept-profile"] !== undefined,
    query,
    range,
    ...read,
    preferences: readPreferences(headers.prefer),
    accepts: readAccept(headers.accept),
    contentType,
  };
}
