// The answer to a write. https://docs.postgrest.org/en/v16/references/api/tables_views.html#insert
import type { Negotiated } from "../plan/negotiate.ts";
import type { MutatePlan } from "../plan/types.ts";
import type { ApiRequest } from "../request/api_request.ts";
import type { ResultRow } from "../sql/statement.ts";
import { applied, contentRange, contentType, type Headers, overridden, type RestResponse } from "./common.ts";
import type { HeaderPair } from "./guc_headers.ts";

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
