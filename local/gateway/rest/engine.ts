// From a request to its answer: read it, plan it, write one statement, run that in one transaction as the caller.
import type { Identity } from "./auth/request_role.ts";
import { ANON } from "./auth/request_role.ts";
import type { Row, Verdict } from "./database/pipeline.ts";
import type { Pool } from "./database/pool.ts";
import type { DatabaseSettings } from "./database/role_settings.ts";
import { openingStatements } from "./database/transaction.ts";
import { maxAffectedExceeded, notSingular, putPrimaryKeyMismatch } from "./errors/request_errors.ts";
import type { RestError } from "./errors/rest_error.ts";
import { describeSchema } from "./openapi/describe.ts";
import { findTable, type Plan, planOf } from "./plan/plan.ts";
import { findRoutine } from "./plan/call_plan.ts";
import { type ApiRequest, type IncomingRequest, readApiRequest } from "./request/api_request.ts";
import type { RestResponse } from "./response/common.ts";
import { mutateResponse } from "./response/mutation_response.ts";
import { optionsResponse, relationMethods } from "./response/options_response.ts";
import { callResponse, readResponse } from "./response/read_response.ts";
import { warningHeader } from "./response/warning.ts";
import type { SchemaCache } from "./schema_cache/types.ts";
import type { ApiSettings } from "./settings.ts";
import type { Statement } from "./sql/parameters.ts";
import {
  callStatement,
  type Counting,
  explainStatement,
  mutateStatement,
  readStatement,
  type ResultRow,
} from "./sql/statement.ts";

/** What is known of the database, as of the last reload. */
export interface Snapshot {
  cache: SchemaCache;
  database: DatabaseSettings;
  settings: ApiSettings;
}

/** What the result must be for the transaction to stand: one row for a single object, of PUT too, and no more than asked. */
function refusalOf(plan: Plan, { preferences, action }: ApiRequest, rows: string): RestError | null {
  const { maxAffected, handling } = preferences;
  const mutation = action.kind === "mutate" ? action.mutation : undefined;
  if (mutation === "upsert") return rows === "1" ? null : putPrimaryKeyMismatch();
  if (plan.negotiated.mediaType.kind === "object" && rows !== "1") return notSingular(rows);
  const isLimited = plan.kind === "call" || mutation === "update" || mutation === "delete";
  const isStrict = isLimited && handling === "strict" && maxAffected !== undefined;
  return isStrict && BigInt(rows) > maxAffected ? maxAffectedExceeded(rows) : null;
}

function mayRefuse({ negotiated: { mediaType } }: Plan, { preferences, action }: ApiRequest): boolean {
  return mediaType.kind === "object" || preferences.maxAffected !== undefined ||
    (action.kind === "mutate" && action.mutation === "upsert");
}

function statementOf(plan: Plan, request: ApiRequest, maxRows: bigint | null): Statement {
  const { preferences, range } = request;
  const counting: Counting = { preference: preferences.count, maxRows, range };
  const { format } = plan.negotiated;
  if (plan.kind === "read") return readStatement(plan.read, format, counting);
  if (plan.kind === "call") return callStatement(plan.call, plan.read, format, counting);
  return mutateStatement(plan.mutation, plan.read, format, preferences);
}

function isReadOnly(plan: Plan, { action }: ApiRequest): boolean {
  if (plan.kind !== "call") return plan.kind === "read";
  return (action.kind === "call" && action.method !== "post") || plan.routine.volatility !== "volatile";
}

/** The planner's guess counts for `planned`, and for `estimated` where there are more rows than may be counted. */
function withGuess(
  row: ResultRow,
  { preferences }: ApiRequest,
  maxRows: bigint | null,
  explained: Row | undefined,
): ResultRow {
  if (explained === undefined) return row;
  const guess = String(JSON.parse(explained[0] ?? "[]")[0]?.Plan?.["Plan Rows"] ?? 0);
  const [total, ...rest] = row;
  if (preferences.count === "planned") return [guess, ...rest];
  const isMore = total !== null && maxRows !== null && BigInt(total) > maxRows;
  return isMore && BigInt(guess) > BigInt(total) ? [guess, ...rest] : row;
}

/** No row at all is what a statement answers for a function that returned none. */
const NO_ROW: ResultRow = [null, "0", null, null, null, null, null];

async function carryOut(
  plan: Plan,
  incoming: IncomingRequest,
  request: ApiRequest,
  identity: Identity,
  { database, settings }: Snapshot,
  pool: Pool,
): Promise<ResultRow> {
  const { maxRows, extraSearchPath, preRequest } = settings;
  const transaction = {
    isReadOnly: isReadOnly(plan, request),
    extraSearchPath,
    preRequest,
    role: database.roles.get(identity.role),
    routine: plan.kind === "call" ? plan.routine : undefined,
  };
  const { count } = request.preferences;
  const before = openingStatements(incoming, request, identity, transaction);
  const isGuessed = plan.kind === "read" && (count === "planned" || count === "estimated");
  const statements = [
    ...before,
    statementOf(plan, request, maxRows),
    ...(isGuessed ? [explainStatement(plan.read)] : []),
  ];
  const verdict: Verdict = (row) => refusalOf(plan, request, row?.[1] ?? "0");
  const isJudged = mayRefuse(plan, request) && !transaction.isReadOnly;
  const rows = await pool.run(statements, identity.role === ANON, isJudged ? verdict : undefined);
  const row = (rows[before.length] ?? NO_ROW) as unknown as ResultRow;
  const refusal = refusalOf(plan, request, row[1]);
  if (refusal) throw refusal;
  return withGuess(row, request, maxRows, rows[before.length + 1]);
}

function respond(plan: Plan, request: ApiRequest, row: ResultRow): RestResponse {
  if (plan.kind === "read") return readResponse(request, plan.target.name, plan.negotiated, row);
  if (plan.kind === "call") return callResponse(request, plan.routine, plan.negotiated, row);
  return mutateResponse(request, plan.mutation, plan.target.name, plan.negotiated, row);
}

/** Throws a RestError. */
export async function answer(
  incoming: IncomingRequest,
  identity: Identity,
  snapshot: Snapshot,
  pool: Pool,
): Promise<RestResponse> {
  const { cache, settings } = snapshot;
  const request = readApiRequest(incoming, settings.schemas);
  const { action } = request;
  switch (action.kind) {
    case "root options":
      return optionsResponse("OPTIONS,GET,HEAD");
    case "relation options":
      return optionsResponse(relationMethods(findTable(action.target, cache)));
    case "routine options": {
      const { volatility } = findRoutine(action.target, request, "head", cache);
      return optionsResponse(volatility === "volatile" ? "OPTIONS,POST" : "OPTIONS,GET,HEAD,POST");
    }
    case "describe":
      return await describeSchema(incoming, request, identity, snapshot, pool);
  }
  const plan = planOf({ ...request, action }, cache, settings.maxRows);
  const row = await carryOut(plan, incoming, request, identity, snapshot, pool);
  const response = respond(plan, request, row);
  const warning = warningHeader(plan.read);
  return warning ? { ...response, headers: [...response.headers, warning] } : response;
}
