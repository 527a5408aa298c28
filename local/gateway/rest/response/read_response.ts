// The answer to a read, of a table or of a function's result. https://docs.postgrest.org/en/v16/references/api/pagination_count.html
import { offsetOutOfBounds } from "../errors/request_errors.ts";
import type { Negotiated } from "../plan/negotiate.ts";
import { returnsVoid } from "../plan/types.ts";
import type { ApiRequest } from "../request/api_request.ts";
import type { Routine } from "../schema_cache/types.ts";
import type { ResultRow } from "../sql/statement.ts";
import { applied, contentRange, contentType, type Headers, overridden, type RestResponse } from "./common.ts";

function rangeStatus(lower: bigint, upper: bigint, total: string | null): number {
  if (total === null) return 200;
  if (lower > BigInt(total)) return 416;
  return 1n + upper - lower < BigInt(total) ? 206 : 200;
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
