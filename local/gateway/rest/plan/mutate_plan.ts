// The plan of a write: insert, upsert, update, delete.
import { invalidPutFilters } from "../errors/request_errors.ts";
import type { ApiRequest, Mutation } from "../request/api_request.ts";
import type { Filter } from "../request/query_types.ts";
import type { KeyRelationship, Table } from "../schema_cache/types.ts";
import { planLogic, writtenColumns } from "./fields.ts";
import type { MutatePlan, PlannedLogic, ReadPlan } from "./types.ts";

const joinedColumns = ({ cardinality, columns, junction }: KeyRelationship): readonly string[] =>
  cardinality === "many-to-many" ? (junction?.sourceColumns ?? []).map(([own]) => own) : columns.map(([own]) => own);

/** The columns that the rows need for the answer: those selected, those that embeddings join by, and the primary key. */
export function neededColumns({ select, children }: ReadPlan, primaryKey: readonly string[]): string[] {
  const selected = select.map(({ field }) => field.name);
  const isComputed = children.some(({ relationship }) => relationship?.kind === "computed");
  if (selected.includes("*") || isComputed) return ["*"];
  const joined = children.flatMap(({ relationship }) =>
    relationship?.kind === "key" ? joinedColumns(relationship) : []
  );
  return [...new Set([...selected, ...joined, ...primaryKey])].sort();
}

const isPlainEqual = ({ negated, operation }: Filter) =>
  !negated && operation.kind === "quantified" && operation.operator === "=" && operation.quantifier === undefined;

/** PUT names one row, by its whole primary key and nothing else. Throws PGRST105. */
function checkPutFilters({ query }: ApiRequest, root: readonly Filter[], { primaryKey }: Table): void {
  const { logic, filterNames } = query;
  const isKey = primaryKey.length > 0 && filterNames.size === primaryKey.length &&
    primaryKey.every((name) => filterNames.has(name));
  if (logic.length > 0 || !isKey || !root.every(isPlainEqual)) throw invalidPutFilters();
}

const bodyOf = ({ payload }: ApiRequest): Buffer => (payload?.kind === "json" ? payload.body : Buffer.alloc(0));

/** Throws PGRST105, PGRST204. */
export function planMutation(mutation: Mutation, table: Table, request: ApiRequest, read: ReadPlan): MutatePlan {
  const { preferences, query, columns } = request;
  const into = { schema: table.schema, name: table.name };
  const { primaryKey } = table;
  const isMinimal = preferences.return === undefined || preferences.return === "minimal";
  const returning = isMinimal ? [] : neededColumns(read, primaryKey);
  const root = query.filters.filter(({ path }) => path.length === 0).map(({ value }) => value);
  const where: PlannedLogic[] = [...root, ...query.logic.map(({ value }) => value)].map((tree) =>
    planLogic(tree, table)
  );
  if (mutation === "delete") return { kind: "delete", into, where, returning };
  if (mutation === "upsert") checkPutFilters(request, root, table);
  const written = {
    into,
    columns: writtenColumns(columns, table),
    body: bodyOf(request),
    returning,
    appliesDefaults: mutation !== "upsert" && preferences.missing === "default",
  };
  if (mutation === "update") return { kind: "update", ...written, where };
  const { resolution } = preferences;
  return {
    kind: "insert",
    ...written,
    primaryKey: mutation === "upsert" ? [] : primaryKey,
    onConflict: mutation === "upsert"
      ? { resolution: "merge-duplicates", columns: primaryKey }
      : resolution && { resolution, columns: query.onConflict ?? primaryKey },
    where: mutation === "upsert" ? where : [],
  };
}
