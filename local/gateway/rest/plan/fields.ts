// Names of fields, with the types of the columns that they are.
import type { Field, Filter, LogicTree, OrderTerm } from "../request/query_types.ts";
import { columnNotFound } from "../errors/schema_cache_errors.ts";
import { type Identifier, keyOf, type SchemaCache, type Table } from "../schema_cache/types.ts";
import type { PlannedField, PlannedFilter, PlannedLogic, PlannedOrder } from "./types.ts";

export const unknownField = (name: string, path: Field["path"] = []): PlannedField => ({
  name,
  path,
  toJson: false,
  type: "",
});

const JSON_TYPES = new Set(["json", "jsonb"]);

/** A column that is not known is left to the database, which may have a computed one. */
export function planField({ name, path }: Field, table: Table | undefined): PlannedField {
  const type = table?.columns.get(name)?.nominalType ?? "";
  return { name, path, toJson: !JSON_TYPES.has(type), type };
}

export const tableAt = (cache: SchemaCache, at: Identifier) => cache.tables.get(keyOf(at));

function planFilter({ field, negated, operation }: Filter, table: Table | undefined): PlannedFilter {
  const planned = planField(field, table);
  const isVector = table?.columns.get(field.name)?.type === "tsvector";
  const search = operation.kind === "search" && !isVector ? { language: operation.language } : undefined;
  return { kind: "filter", field: { ...planned, search }, negated, operation };
}

export function planLogic(tree: LogicTree, table: Table | undefined): PlannedLogic {
  if (tree.kind === "filter") return planFilter(tree, table);
  return { ...tree, terms: tree.terms.map((term) => planLogic(term, table)) };
}

export const planOrder = ({ field, relation, ...rest }: OrderTerm, table: Table | undefined): PlannedOrder => ({
  ...rest,
  relation,
  field: relation === undefined ? planField(field, table) : unknownField(field.name, field.path),
});

/** Columns that are written. Throws PGRST204. */
export const writtenColumns = (names: readonly string[], table: Table): PlannedField[] =>
  names.map((name) => {
    const column = table.columns.get(name);
    if (!column) throw columnNotFound(table.name, name);
    return { ...unknownField(name), type: column.nominalType, default: column.default };
  });
