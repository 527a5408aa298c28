// Where a page can be cut out of a resource before anything is joined to it: then only the rows of the page pay for the
// joins, not those that `offset` passes over. PostgREST joins first; the rows and their order are the same.
import { isAll } from "../request/ranges.ts";
import { isToOne, type SchemaCache } from "../schema_cache/types.ts";
import { tableAt } from "./fields.ts";
import type { PlannedField, PlannedLogic, ReadPlan } from "./types.ts";

/** Joined to each row of its parent is one row, or null: no row of the parent is dropped or repeated. */
function keepsParentRows({ join, relationship }: ReadPlan, cache: SchemaCache): boolean {
  if (join === "inner" || relationship?.kind !== "key") return false;
  return !isToOne(relationship) || tableAt(cache, relationship.foreign)?.isAutoUpdatable === true;
}

/** A computed column is a function of the table's row, which the page's rows are not. */
const isColumn = ({ name, type }: PlannedField) => name === "*" || type !== "";

const filtersByEmbedding = (tree: PlannedLogic): boolean =>
  tree.kind === "embedding filter" || (tree.kind === "logic" && tree.terms.some(filtersByEmbedding));

function canBePageFirst(plan: ReadPlan, cache: SchemaCache): boolean {
  const { fromAlias, relationship, children, range, select, order, spreadOrder, where } = plan;
  const isOneTable = fromAlias !== undefined && relationship?.kind !== "computed";
  return isOneTable && children.length > 0 && !isAll(range) && spreadOrder === undefined &&
    children.every((child) => keepsParentRows(child, cache)) &&
    !where.some(filtersByEmbedding) &&
    order.every(({ relation }) => relation === undefined) &&
    [...select, ...order].every(({ field }) => isColumn(field));
}

/** After all else is planned. */
export const withPageFirst = (plan: ReadPlan, cache: SchemaCache): ReadPlan => ({
  ...plan,
  isPageFirst: canBePageFirst(plan, cache),
  children: plan.children.map((child) => withPageFirst(child, cache)),
});
