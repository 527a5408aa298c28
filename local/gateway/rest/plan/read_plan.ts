// The plan of what is read: a tree of resources, each embedded in the one above it. Built in PostgREST's order, on which it
// depends which of several errors a request gets.
import { aggregatesNotAllowed, notEmbedded, relatedOrderNotToOne } from "../errors/request_errors.ts";
import type { ApiRequest } from "../request/api_request.ts";
import { type At, readRangePath } from "../request/query_params.ts";
import type { EmbedPath, SelectItem } from "../request/query_types.ts";
import { ALL_ROWS, restrict, type RowRange } from "../request/ranges.ts";
import { type Identifier, isToOne, type SchemaCache } from "../schema_cache/types.ts";
import { planSelects, withAliases, withExpandedStars } from "./columns.ts";
import { withEmbeddedSelects, withSpreadOrders } from "./embedded_selects.ts";
import { planLogic, planOrder, tableAt } from "./fields.ts";
import { withRelationships } from "./joins.ts";
import { withPageFirst } from "./page_first.ts";
import type { PlannedLogic, ReadPlan } from "./types.ts";

const isWritten = ({ action }: ApiRequest) => action.kind === "mutate";

function initialPlan(items: readonly SelectItem[], from: Identifier, cache: SchemaCache, depth = 0): ReadPlan {
  const relations = items.filter((item) => item.kind === "relation");
  return {
    select: planSelects(items, tableAt(cache, from)),
    from,
    where: [],
    order: [],
    range: ALL_ROWS,
    name: from.name,
    spread: "none",
    depth,
    joinConditions: [],
    aggregateAlias: "",
    embedded: [],
    children: relations.map((item) => ({
      ...initialPlan(item.items, { schema: from.schema, name: item.name }, cache, depth + 1),
      alias: item.alias,
      hint: item.hint,
      join: item.join,
      spread: item.spread ? "to-one" : "none",
    })),
    isPageFirst: false,
    isNamedDespiteAlias: false,
  };
}

/** The plan with a change at one place. What is changed comes first among its siblings. Throws PGRST108. */
function changeAt(plan: ReadPlan, path: EmbedPath, change: (found: ReadPlan) => ReadPlan): ReadPlan {
  if (path.length === 0) return change(plan);
  const [name, ...rest] = path;
  const found = plan.children.find((child) => child.name === name || child.alias === name);
  if (!found) throw notEmbedded(name);
  const isNamedDespiteAlias = found.isNamedDespiteAlias ||
    (found.name === name && found.alias !== undefined && found.alias !== name);
  const changed = changeAt({ ...found, isNamedDespiteAlias }, rest, change);
  return { ...plan, children: [changed, ...plan.children.filter((child) => child !== found)] };
}

/** The last first, so that those of one place keep their order. */
function changeAll<T>(
  plan: ReadPlan,
  all: readonly At<T>[],
  change: (found: ReadPlan, value: T) => ReadPlan,
): ReadPlan {
  return all.reduceRight((changed, { path, value }) => changeAt(changed, path, (found) => change(found, value)), plan);
}

function withConditions(plan: ReadPlan, request: ApiRequest, cache: SchemaCache): ReadPlan {
  const { query } = request;
  // What a mutation filters by is in its own plan.
  const counts = ({ path }: At<unknown>) => !isWritten(request) || path.length > 0;
  const addLogic = (found: ReadPlan, tree: Parameters<typeof planLogic>[0]): ReadPlan => ({
    ...found,
    where: [planLogic(tree, tableAt(cache, found.from)), ...found.where],
  });
  const ranges: At<RowRange>[] = isWritten(request) ? [] : [
    ...[...query.ranges].filter(([name]) => name !== "limit").map(([name, value]) => ({
      path: readRangePath(name),
      value,
    })),
    { path: [], value: request.range },
  ];
  const steps = [
    (plan: ReadPlan) => changeAll(plan, query.filters.filter(counts), addLogic),
    (plan: ReadPlan) =>
      changeAll(plan, query.order, (found, terms) => ({
        ...found,
        order: terms.map((term) => planOrder(term, tableAt(cache, plan.from))),
      })),
    (plan: ReadPlan) => changeAll(plan, ranges, (found, range) => ({ ...found, range })),
    (plan: ReadPlan) => changeAll(plan, query.logic.filter(counts), addLogic),
  ];
  return steps.reduce((built, step) => step(built), plan);
}

const namedAs = ({ alias, name }: ReadPlan) => alias ?? name;

/** `order=users(username)`. Throws PGRST108, PGRST118. */
function withRelatedOrders(plan: ReadPlan): ReadPlan {
  const order = plan.order.map((term) => {
    if (term.relation === undefined) return term;
    const found = plan.children.find((child) => namedAs(child) === term.relation);
    if (!found) throw notEmbedded(term.relation);
    if (!found.relationship || !isToOne(found.relationship)) throw relatedOrderNotToOne(plan.from.name, namedAs(found));
    return { ...term, relation: found.aggregateAlias };
  });
  return { ...plan, order, children: plan.children.map(withRelatedOrders) };
}

/** `users=is.null`, `users=not.is.null`: whether anything is embedded. */
function withEmbeddingFilters(plan: ReadPlan): ReadPlan {
  const convert = (tree: PlannedLogic): PlannedLogic => {
    if (tree.kind === "logic") return { ...tree, terms: tree.terms.map(convert) };
    if (tree.kind !== "filter" || tree.field.path.length > 0) return tree;
    const { field, negated, operation } = tree;
    const found = plan.children.find((child) => namedAs(child) === field.name);
    if (!found || operation.kind !== "is" || operation.value !== "NULL") return tree;
    return { kind: "embedding filter", aggregateAlias: found.aggregateAlias, negated };
  };
  return { ...plan, where: plan.where.map(convert), children: plan.children.map(withEmbeddingFilters) };
}

function withoutAggregates(plan: ReadPlan): ReadPlan {
  if (plan.select.some(({ aggregate }) => aggregate)) throw aggregatesNotAllowed();
  plan.children.forEach(withoutAggregates);
  return plan;
}

const withMostRows = (plan: ReadPlan, most: bigint | null): ReadPlan => ({
  ...plan,
  range: restrict(plan.range, most),
  children: plan.children.map((child) => withMostRows(child, most)),
});

/** Throws PGRST1xx, PGRST2xx. `maxRows`: of each resource, the embedded ones too. */
export function planRead(from: Identifier, request: ApiRequest, cache: SchemaCache, maxRows: bigint | null): ReadPlan {
  const steps = [
    (plan: ReadPlan) => withConditions(plan, request, cache),
    (plan: ReadPlan) => withRelationships(plan, request, cache),
    (plan: ReadPlan) => withExpandedStars(plan, cache, request.schema),
    withAliases,
    withRelatedOrders,
    withEmbeddingFilters,
    withEmbeddedSelects,
    withoutAggregates,
    withSpreadOrders,
    (plan: ReadPlan) => (isWritten(request) ? plan : withMostRows(plan, maxRows)),
    (plan: ReadPlan) => withPageFirst(plan, cache),
  ];
  return steps.reduce((plan, step) => step(plan), initialPlan(request.query.select, from, cache));
}

/** Names and aliases for the Warning about names that will no longer be understood. */
export const deprecatedNames = (plan: ReadPlan): { name: string; alias: string }[] => [
  ...(plan.isNamedDespiteAlias && plan.alias !== undefined ? [{ name: plan.name, alias: plan.alias }] : []),
  ...plan.children.flatMap(deprecatedNames),
];
