// The answer to a request that was carried out. https://docs.postgrest.org/en/v16/references/api.html
import { offsetOutOfBounds } from "../errors/request_errors.ts";
import type { Negotiated } from "../plan/negotiate.ts";
import { type MutatePlan, returnsVoid } from "../plan/types.ts";
import type { ApiRequest } from "../request/api_request.ts";
import { contentTypeOf } from "../request/media_types.ts";
import { appliedHeader, type Preferences } from "../request/preferences.ts";
import type { Routine, Table } from "../schema_cache/types.ts";
import type { ResultRow } from "../sql/statement.ts";
import { type HeaderPair, readGucHeaders, readGucStatus } from "./guc_headers.ts";

export interface RestResponse {
  status: number;
  /** Names in lower case; one name may come more than once. */
  headers: readonly HeaderPair[];
  body: string;
}

type Headers = readonly (HeaderPair | false | undefined)[];

const present = (headers: Headers): HeaderPair[] => headers.filter((header): header is HeaderPair => Boolean(header));

function contentRange(lower: bigint, upper: bigint, total: string | null): HeaderPair {
  const range = total !== "0" && lower <= upper ? `${lower}-${upper}` : "*";
  return ["content-range", `${range}/${total ?? "*"}`];
}

function rangeStatus(lower: bigint, upper: bigint, total: string | null): number {
  if (total === null) return 200;
  if (lower > BigInt(total)) return 416;
  return 1n + upper - lower < BigInt(total) ? 206 : 200;
}

const contentType = ({ mediaType }: Negotiated, { isSchemaNegotiated, schema }: ApiRequest): Headers => [
  ["content-type", contentTypeOf(mediaType)],
  isSchemaNegotiated && ["content-profile", schema],
];

const applied = (preferences: Omit<Preferences, "invalid">): HeaderPair | undefined => {
  const header = appliedHeader(preferences);
  return header === undefined ? undefined : ["preference-applied", header];
};

/** What functions have set comes over what is usual. Throws PGRST111, PGRST112. */
function overridden(
  status: number,
  usual: Headers,
  body: string,
  [, , , , gucHeaders, gucStatus]: ResultRow,
): RestResponse {
  const chosen = readGucHeaders(gucHeaders);
  const names = new Set(chosen.map(([name]) => name));
  return {
    status: readGucStatus(gucStatus) ?? status,
    headers: [...present(usual).filter(([name]) => !names.has(name)), ...chosen],
    body,
  };
}

/** The rows that were read: all of them, a part (206), or none, because it begins behind the last (416). */
function ranged({ range }: ApiRequest, [total, rows, , body]: ResultRow) {
  const upper = range.lower + BigInt(rows) - 1n;
  const status = rangeStatus(range.lower, upper, total);
  return {
    status,
    range: contentRange(range.lower, upper, total),
    body: status === 416 ? offsetOutOfBounds(range.lower, total ?? "0").text() : body ?? "",
  };
}

const common = ({ preferences: { count, handling, timezone } }: ApiRequest) => ({ count, handling, timezone });

export function readResponse(request: ApiRequest, name: string, negotiated: Negotiated, row: ResultRow): RestResponse {
  const { status, range, body } = ranged(request, row);
  const { canonical } = request.query;
  const location = encodeURI(`/${name}`) + (canonical === "" ? "" : `?${canonical}`);
  return overridden(
    status,
    [range, ["content-location", location], ...contentType(negotiated, request), applied(common(request))],
    body,
    row,
  );
}

export function callResponse(
  request: ApiRequest,
  routine: Routine,
  negotiated: Negotiated,
  row: ResultRow,
): RestResponse {
  const { status, range, body } = ranged(request, row);
  const { maxAffected } = request.preferences;
  const headers: Headers = [range, applied({ ...common(request), maxAffected })];
  if (returnsVoid(routine)) return overridden(204, headers, "", row);
  return overridden(status, [...headers, ...contentType(negotiated, request)], body, row);
}

function locationHeader(name: string, location: string | null): HeaderPair | undefined {
  if (location === null) return undefined;
  const pairs = JSON.parse(location) as [string, string][];
  const query = pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&");
  return ["location", encodeURI(`/${name}`) + `?${query}`];
}

const mutationTotal = ({ preferences: { count } }: ApiRequest, rows: string) =>
  count === "exact" || count === "estimated" ? rows : null;

const appliedToMutation = ({ preferences }: ApiRequest) => ({
  return: preferences.return,
  count: preferences.count,
  handling: preferences.handling,
  timezone: preferences.timezone,
});

function createResponse(
  request: ApiRequest,
  plan: MutatePlan & { kind: "insert" },
  name: string,
  negotiated: Negotiated,
  row: ResultRow,
): RestResponse {
  const [, rows, location, body, , , inserted] = row;
  const { preferences, query } = request;
  const isMerge = preferences.resolution === "merge-duplicates";
  const hasTarget = plan.primaryKey.length > 0 || query.onConflict !== null;
  const headers: Headers = [
    locationHeader(name, location),
    contentRange(1n, 0n, mutationTotal(request, rows)),
    applied({
      ...appliedToMutation(request),
      missing: preferences.missing,
      resolution: hasTarget ? preferences.resolution : undefined,
    }),
  ];
  const status = isMerge && (inserted === null || BigInt(inserted) <= 0n) ? 200 : 201;
  const isFull = preferences.return === "representation";
  return overridden(
    status,
    isFull ? [...headers, ...contentType(negotiated, request)] : headers,
    isFull ? body ?? "" : "",
    row,
  );
}

/** Of PUT, PATCH and DELETE. */
function changeResponse(
  request: ApiRequest,
  fullStatus: number,
  headers: Headers,
  negotiated: Negotiated,
  row: ResultRow,
) {
  if (request.preferences.return !== "representation") return overridden(204, headers, "", row);
  return overridden(fullStatus, [...headers, ...contentType(negotiated, request)], row[3] ?? "", row);
}

export function mutateResponse(
  request: ApiRequest,
  plan: MutatePlan,
  name: string,
  negotiated: Negotiated,
  row: ResultRow,
): RestResponse {
  const { action, preferences } = request;
  const mutation = action.kind === "mutate" ? action.mutation : "delete";
  const [, rows, , , , , inserted] = row;
  const { maxAffected, missing } = preferences;
  const total = mutationTotal(request, rows);
  if (mutation === "create" && plan.kind === "insert") return createResponse(request, plan, name, negotiated, row);
  if (mutation === "upsert") {
    const status = BigInt(inserted ?? "0") > 0n ? 201 : 200;
    return changeResponse(request, status, [applied(appliedToMutation(request))], negotiated, row);
  }
  if (mutation === "update") {
    const headers = [
      contentRange(0n, BigInt(rows) - 1n, total),
      applied({ ...appliedToMutation(request), missing, maxAffected }),
    ];
    return changeResponse(request, 200, headers, negotiated, row);
  }
  const headers = [contentRange(1n, 0n, total), applied({ ...appliedToMutation(request), maxAffected })];
  return changeResponse(request, 200, headers, negotiated, row);
}

/** The answer to OPTIONS. */
export const optionsResponse = (allow: string): RestResponse => ({
  status: 200,
  headers: [["allow", allow]],
  body: "",
});

export function relationMethods({ primaryKey, isInsertable, isUpdatable, isDeletable }: Table): string {
  const methods = [
    "OPTIONS,GET,HEAD",
    isInsertable && "POST",
    isInsertable && isUpdatable && primaryKey.length > 0 && "PUT",
    isUpdatable && "PATCH",
    isDeletable && "DELETE",
  ];
  return methods.filter((method) => typeof method === "string").join(",");
}
