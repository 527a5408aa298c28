// The columns that a resource selects: stars, and names where none is given.
import type { SelectItem } from "../request/query_types.ts";
import type { SchemaCache, Table } from "../schema_cache/types.ts";
import { planField, tableAt } from "./fields.ts";
import { type PlannedField, type PlannedSelect, type ReadPlan, SOURCE } from "./types.ts";

export const planSelects = (items: readonly SelectItem[], table: Table | undefined): PlannedSelect[] =>
  items
    .filter((item) => item.kind === "field")
    .map(({ field, alias, cast, aggregate }) => ({ field: planField(field, table), alias, cast, aggregate }));

/** Of `data->a->0`, `a`; of `data->0`, `data`. */
function nameOfPath({ name, path }: PlannedField): string | undefined {
  if (path.length === 0) return undefined;
  return path.findLast(({ key }) => key !== undefined)?.key ?? name;
}

export const withAliases = (plan: ReadPlan): ReadPlan => ({
  ...plan,
  select: plan.select.map((one) => (one.aggregate ? one : { ...one, alias: one.alias ?? nameOfPath(one.field) })),
  children: plan.children.map(withAliases),
});

const isStar = ({ field, aggregate }: PlannedSelect) => field.name === "*" && field.path.length === 0 && !aggregate;

function expanded({ select, from, fromAlias }: ReadPlan, cache: SchemaCache, schema: string): PlannedSelect[] {
  const table = tableAt(cache, from.name === SOURCE && fromAlias ? { schema, name: fromAlias } : from);
  const columns = [...(table?.columns.keys() ?? [])];
  return select.flatMap((one) =>
    isStar(one) ? columns.map((name) => ({ ...one, field: { ...one.field, name } })) : [one]
  );
}

/** Where a to-many relation is spread, each column becomes an array of its own: `*` has to be all of them. */
export function withExpandedStars(plan: ReadPlan, cache: SchemaCache, schema: string, isInside = false): ReadPlan {
  const isSpread = isInside || plan.spread === "to-many";
  return {
    ...plan,
    select: isSpread ? expanded(plan, cache, schema) : plan.select,
    children: plan.children.map((child) => withExpandedStars(child, cache, schema, isSpread)),
  };
}
