// What is to be done for a request, checked in PostgREST's order.
import { invalidPreferences, maxAffectedNeedsSet } from "../errors/request_errors.ts";
import { tableNotFound } from "../errors/schema_cache_errors.ts";
import type { ApiRequest } from "../request/api_request.ts";
import { type Identifier, keyOf, type Routine, type SchemaCache, type Table } from "../schema_cache/types.ts";
import { findRoutine, planCall } from "./call_plan.ts";
import { planMutation } from "./mutate_plan.ts";
import { negotiate, type Negotiated } from "./negotiate.ts";
import { planRead } from "./read_plan.ts";
import type { CallPlan, MutatePlan, ReadPlan } from "./types.ts";

export type Plan =
  | { kind: "read"; target: Identifier; read: ReadPlan; negotiated: Negotiated }
  | { kind: "mutate"; target: Identifier; read: ReadPlan; mutation: MutatePlan; negotiated: Negotiated }
  | { kind: "call"; routine: Routine; read: ReadPlan; call: CallPlan; negotiated: Negotiated };

export function findTable(target: Identifier, cache: SchemaCache): Table {
  const table = cache.tables.get(keyOf(target));
  if (!table) throw tableNotFound(target, cache);
  return table;
}

function checkPreferences({ preferences: { handling, invalid } }: ApiRequest): void {
  if (handling === "strict" && invalid.length > 0) throw invalidPreferences(invalid);
}

/** Rows of a function's table are embedded into as that table's are. */
const sourceOf = ({ schema, name, isComposite, returns }: Routine): Identifier => ({
  schema,
  name: isComposite ? returns.name : name,
});

/** Throws PGRST1xx, PGRST2xx. */
export function planOf(
  request: ApiRequest & { action: { kind: "read" | "mutate" | "call" } },
  cache: SchemaCache,
  maxRows: bigint | null,
): Plan {
  const { action, preferences } = request;
  if (action.kind === "call") {
    const routine = findRoutine(action.target, request, action.method, cache);
    const read = planRead(sourceOf(routine), request, cache, maxRows);
    const call = planCall(routine, request, action.method, read);
    const negotiated = negotiate(request);
    checkPreferences(request);
    const isLimited = preferences.maxAffected !== undefined && preferences.handling === "strict";
    if (isLimited && !routine.isSet) throw maxAffectedNeedsSet();
    return { kind: "call", routine, read, call, negotiated };
  }
  const table = findTable(action.target, cache);
  const read = planRead(action.target, request, cache, maxRows);
  if (action.kind === "read") {
    const negotiated = negotiate(request);
    checkPreferences(request);
    return { kind: "read", target: action.target, read, negotiated };
  }
  const mutation = planMutation(action.mutation, table, request, read);
  checkPreferences(request);
  return { kind: "mutate", target: action.target, read, mutation, negotiated: negotiate(request) };
}
