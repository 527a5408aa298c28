// How each embedded resource is joined to the one above it.
import type { ApiRequest } from "../request/api_request.ts";
import { type Identifier, isToOne, type KeyRelationship, type SchemaCache } from "../schema_cache/types.ts";
import { findRelationship } from "./find_relationship.ts";
import { type JoinCondition, type ReadPlan, SOURCE } from "./types.ts";

const unqualified = (name: string): Identifier => ({ schema: "", name });

function joinConditions(
  { table, foreign, columns, junction }: KeyRelationship,
  alias: string | undefined,
  parentAlias: string | undefined,
): JoinCondition[] {
  const parent = parentAlias === undefined ? table : unqualified(parentAlias);
  if (junction) {
    const through = { schema: table.schema, name: junction.table.name };
    const target = { schema: table.schema, name: foreign.name };
    return [
      ...junction.targetColumns.map(([own, other]): JoinCondition => [[through, other], [target, own]]),
      ...junction.sourceColumns.map(([own, other]): JoinCondition => [[through, other], [parent, own]]),
    ];
  }
  const child = alias === undefined ? foreign : unqualified(alias);
  return columns.map(([own, other]): JoinCondition => [[child, other], [parent, own]]);
}

function join(plan: ReadPlan, parent: ReadPlan, schema: string, cache: SchemaCache): ReadPlan {
  // The rows of a mutation or a call go by the name of their table.
  const origin = plan.depth === 1 ? parent.fromAlias ?? parent.from.name : parent.from.name;
  const relationship = findRelationship(cache, schema, origin, plan.name, plan.hint);
  const alias = `${relationship.foreign.name}_${plan.depth}`;
  const joined: ReadPlan = {
    ...plan,
    from: relationship.foreign,
    relationship,
    aggregateAlias: `${relationship.table.name}_${plan.alias ?? plan.name}_${plan.depth}`,
    spread: plan.spread !== "none" && !isToOne(relationship) ? "to-many" : plan.spread,
  };
  if (relationship.kind === "computed") {
    const parentAlias = parent.fromAlias === undefined ? relationship.table : unqualified(parent.fromAlias);
    return { ...joined, fromAlias: alias, parentAlias };
  }
  if (relationship.junction) {
    return { ...joined, joinConditions: joinConditions(relationship, undefined, parent.fromAlias) };
  }
  return { ...joined, fromAlias: alias, joinConditions: joinConditions(relationship, alias, parent.fromAlias) };
}

/** Throws PGRST200, PGRST201. */
export function withRelationships(plan: ReadPlan, { action, schema }: ApiRequest, cache: SchemaCache): ReadPlan {
  const below = (parent: ReadPlan): ReadPlan => ({
    ...parent,
    children: parent.children.map((child) => below(join(child, parent, schema, cache))),
  });
  const isSource = action.kind === "mutate" || action.kind === "call" || action.kind === "routine options";
  return below({ ...plan, from: isSource ? unqualified(SOURCE) : plan.from, fromAlias: plan.from.name });
}
