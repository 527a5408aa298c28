// Filters, logic and order as SQL.
import type { Operation } from "../request/query_types.ts";
import { isAll, rowLimit, type RowRange } from "../request/ranges.ts";
import { unknownField } from "../plan/fields.ts";
import type { JoinCondition, PlannedField, PlannedFilter, PlannedLogic, PlannedOrder } from "../plan/types.ts";
import type { Identifier } from "../schema_cache/types.ts";
import { arrayLiteral, quoteColumn, quoteName } from "./identifiers.ts";
import type { Parameters } from "./parameters.ts";

export function fieldSql(table: Identifier, { name, path, toJson, search }: PlannedField, parameters: Parameters) {
  const column = quoteColumn(table, name);
  const steps = path.map(({ arrow, key, index }) =>
    arrow + (key === undefined ? `${parameters.add(index ?? "")}::int` : parameters.add(key))
  );
  const found = (path.length > 0 && toJson ? `to_jsonb(${column})` : column) + steps.join("");
  return search ? `to_tsvector(${languageSql(search.language, parameters)}${found})` : found;
}

const languageSql = (language: string | undefined, parameters: Parameters) =>
  language === undefined ? "" : `${parameters.add(language)}, `;

const PATTERNS = new Set(["like", "ilike"]);

function operationSql(operation: Operation, parameters: Parameters): string {
  switch (operation.kind) {
    case "simple":
      return `${operation.operator} ${parameters.add(operation.value)}`;
    case "quantified": {
      const { operator, quantifier, value } = operation;
      const placeholder = parameters.add(PATTERNS.has(operator) ? value.replaceAll("*", "%") : value);
      return `${operator} ${quantifier ? `${quantifier}(${placeholder})` : placeholder}`;
    }
    case "in": {
      const isNone = operation.values.length === 1 && operation.values[0] === "";
      return isNone ? "= any ('{}')" : `= any (${parameters.add(arrayLiteral(operation.values))})`;
    }
    case "is":
      return `is ${operation.value}`;
    case "distinct":
      return `is distinct from ${parameters.add(operation.value)}`;
    case "search": {
      const language = languageSql(operation.language, parameters);
      return `@@ ${operation.parser}(${language}${parameters.add(operation.value)})`;
    }
  }
}

export function filterSql(table: Identifier, filter: PlannedFilter, parameters: Parameters): string {
  if (filter.kind === "embedding filter") {
    return `${quoteName(filter.aggregateAlias)} is ${filter.negated ? "" : "not "}distinct from null`;
  }
  const { field, negated, operation } = filter;
  return `${negated ? "not " : ""}${fieldSql(table, field, parameters)} ${operationSql(operation, parameters)}`;
}

/** `leaf` writes a single filter. */
export function logicSql(tree: PlannedLogic, leaf: (filter: PlannedFilter) => string): string {
  if (tree.kind !== "logic") return leaf(tree);
  const terms = tree.terms.map((term) => logicSql(term, leaf));
  return `${tree.negated ? "not " : ""}(${terms.join(` ${tree.operator} `)})`;
}

export const whereSql = (table: Identifier, trees: readonly PlannedLogic[], parameters: Parameters): string[] =>
  trees.map((tree) => logicSql(tree, (filter) => filterSql(table, filter, parameters)));

export const joinConditionSql = ([[left, one], [right, other]]: JoinCondition) =>
  `${quoteColumn(left, one)} = ${quoteColumn(right, other)}`;

const MOST_BIGINT = 2n ** 63n - 1n;
const NULLS = { nullsfirst: "nulls first", nullslast: "nulls last" };

export function orderSql(table: Identifier, terms: readonly PlannedOrder[], parameters: Parameters): string {
  if (terms.length === 0) return "";
  const all = terms.map(({ field, relation, direction, nulls }) => {
    const by = relation === undefined
      ? fieldSql(table, field, parameters)
      : fieldSql({ schema: "", name: relation }, unknownField(field.name, field.path), parameters);
    return [by, direction, nulls && NULLS[nulls]].filter(Boolean).join(" ");
  });
  return ` order by ${all.join(", ")}`;
}

/**
 * The limit stands in the text: few different ones are asked for, and Postgres, which then knows it, keeps the plan instead of
 * planning each request again.
 */
export function limitSql(range: RowRange, parameters: Parameters): string {
  if (isAll(range)) return "";
  const limit = rowLimit(range);
  const isKnown = limit === null || limit <= MOST_BIGINT;
  const offset = range.lower === 0n ? "0" : parameters.add(String(range.lower));
  return ` limit ${isKnown ? limit ?? "all" : parameters.add(String(limit))} offset ${offset}`;
}
