// What each resource selects of those embedded in it: an object, an array, or, spread, their columns as its own.
import { isToOne } from "../schema_cache/types.ts";
import { unknownField } from "./fields.ts";
import type { EmbeddedSelect, PlannedOrder, ReadPlan, SpreadOrder } from "./types.ts";

/** `users()`, with nothing selected all the way down: it only filters. */
const selectsNothing = ({ select, children }: ReadPlan): boolean =>
  select.length === 0 && children.every(selectsNothing);

const spreadNames = ({ select, embedded }: ReadPlan): string[] => [
  ...select.map(({ alias, field }) => alias ?? field.name),
  ...embedded.flatMap((one) => (one.kind === "json" ? [one.name] : one.names)),
];

function embeddedSelect(child: ReadPlan): EmbeddedSelect {
  const { aggregateAlias, alias, name, relationship } = child;
  if (child.spread !== "none") return { kind: "spread", names: spreadNames(child), aggregateAlias };
  return {
    kind: "json",
    name: alias ?? name,
    aggregateAlias,
    isArray: !relationship || !isToOne(relationship),
    isEmpty: selectsNothing(child),
  };
}

export function withEmbeddedSelects(plan: ReadPlan): ReadPlan {
  const children = plan.children.map(withEmbeddedSelects);
  return { ...plan, children, embedded: children.map(embeddedSelect) };
}

/** A spread to-many is ordered as it is aggregated, by columns that have to be selected for it. */
function spreadOrder({ order, aggregateAlias }: ReadPlan): SpreadOrder {
  const aliases = order.map(({ field }, index) => `${aggregateAlias}_${field.name}_${index + 1}`);
  return {
    selects: order.map(({ relation, field }, index) => ({ relation, select: { field, alias: aliases[index] } })),
    order: order.map(({ direction, nulls }, index): PlannedOrder => ({
      field: unknownField(aliases[index]),
      direction,
      nulls,
    })),
  };
}

export const withSpreadOrders = (plan: ReadPlan): ReadPlan => ({
  ...plan,
  ...(plan.spread === "to-many" && { order: [], spreadOrder: spreadOrder(plan) }),
  children: plan.children.map(withSpreadOrders),
});
