// A read plan as one select, with a lateral subquery for each embedded resource; and the select that counts its rows.
import type { EmbeddedSelect, PlannedFilter, PlannedSelect, ReadPlan } from "../plan/types.ts";
import type { Identifier } from "../schema_cache/types.ts";
import { fieldSql, filterSql, joinConditionSql, limitSql, logicSql, orderSql, whereSql } from "./conditions.ts";
import { quoteColumn, quoteIdentifier, quoteName } from "./identifiers.ts";
import type { Parameters } from "./parameters.ts";

const unqualified = (name: string): Identifier => ({ schema: "", name });

/** What columns of the resource are qualified with. */
function tableName({ from, fromAlias, relationship }: ReadPlan): Identifier {
  if (fromAlias !== undefined) return unqualified(fromAlias);
  return relationship?.kind === "computed" ? unqualified(relationship.function.name) : from;
}

function fromSql({ from, fromAlias, relationship, parentAlias }: ReadPlan): string {
  const alias = fromAlias === undefined ? "" : ` as ${quoteName(fromAlias)}`;
  if (relationship?.kind === "computed" && parentAlias) {
    const row = `${quoteName(parentAlias.name)}::${quoteIdentifier(relationship.table)}`;
    return ` from ${quoteIdentifier(relationship.function)}(${row})${alias}`;
  }
  const junction = relationship?.kind === "key" && relationship.junction;
  return ` from ${quoteIdentifier(from)}${alias}${junction ? `, ${quoteIdentifier(junction.table)}` : ""}`;
}

function selectSql(table: Identifier, { field, alias, cast }: PlannedSelect, parameters: Parameters): string {
  const found = fieldSql(table, field, parameters);
  // A cast holds only letters, digits, blanks, `_` and `$` (select_grammar.ts); quoted, `int` would be no type.
  const value = cast === undefined ? found : `cast(${found} as ${cast})`;
  return alias === undefined ? value : `${value} as ${quoteName(alias)}`;
}

function embeddedSelectSql(embedded: EmbeddedSelect): string[] {
  const alias = quoteName(embedded.aggregateAlias);
  if (embedded.kind === "spread") {
    return embedded.names.map((name) => quoteColumn(unqualified(embedded.aggregateAlias), name));
  }
  if (embedded.isEmpty) return [];
  const name = quoteName(embedded.name);
  return [
    embedded.isArray ? `coalesce(${alias}.${alias}, '[]') as ${name}` : `to_jsonb(${alias}.*) as ${name}`,
  ];
}

function spreadColumnsSql({ names }: { names: readonly string[] }, plan: ReadPlan, parameters: Parameters): string {
  const table = unqualified(plan.aggregateAlias);
  return names.map((name) => {
    const order = orderSql(table, plan.spreadOrder?.order ?? [], parameters);
    return `, coalesce(json_agg(${quoteColumn(table, name)}${order}), '[]')::jsonb as ${quoteName(name)}`;
  }).join("");
}

/** One row a parent's row: the embedded row itself, or all of them in an array. */
function joinSql(embedded: EmbeddedSelect, plan: ReadPlan, parameters: Parameters): string {
  const isInner = plan.join === "inner";
  const alias = quoteName(embedded.aggregateAlias);
  const lateral = (query: string, condition: string) =>
    ` ${isInner ? "inner" : "left"} join lateral (${query}) as ${alias} on ${condition}`;
  const isArray = embedded.kind === "json" ? embedded.isArray : plan.spread === "to-many";
  if (!isArray) return lateral(readSql(plan, parameters), "true");
  const spread = embedded.kind === "spread" ? spreadColumnsSql(embedded, plan, parameters) : "";
  const all = `select json_agg(${alias})::jsonb as ${alias}${spread} from (${readSql(plan, parameters)}) as ${alias}`;
  return lateral(all, isInner ? `${alias} is not null` : "true");
}

const STAR: PlannedSelect = { field: { name: "*", path: [], toJson: false, type: "" } };

/** `where ... order by ... limit ...` */
function rowsSql({ where, joinConditions, order, range }: ReadPlan, table: Identifier, parameters: Parameters): string {
  const conditions = [...whereSql(table, where, parameters), ...joinConditions.map(joinConditionSql)];
  return (conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "") +
    orderSql(table, order, parameters) + limitSql(range, parameters);
}

export function readSql(plan: ReadPlan, parameters: Parameters): string {
  const table = tableName(plan);
  const selects = plan.select.length === 0 && plan.children.length === 0 ? [STAR] : plan.select;
  const columns = [
    ...selects.map((one) => selectSql(table, one, parameters)),
    ...(plan.spreadOrder?.selects ?? []).map(({ relation, select }) =>
      selectSql(relation === undefined ? table : unqualified(relation), select, parameters)
    ),
    ...plan.embedded.flatMap(embeddedSelectSql),
  ];
  const joins = plan.embedded.map((embedded) => {
    const child = plan.children.find((one) => one.aggregateAlias === embedded.aggregateAlias) as ReadPlan;
    return joinSql(embedded, child, parameters);
  });
  const selected = `select ${columns.join(", ")}`;
  if (!plan.isPageFirst) return `${selected}${fromSql(plan)}${joins.join("")}${rowsSql(plan, table, parameters)}`;
  const page = `select ${quoteColumn(table, "*")}${fromSql(plan)}${rowsSql(plan, table, parameters)}`;
  return `${selected} from (${page}) as ${quoteIdentifier(table)}${joins.join("")}` +
    orderSql(table, plan.order, parameters);
}

/** A row for each row of the root, without limit and offset: an inner join becomes `exists`. */
export function countSql(plan: ReadPlan, parameters: Parameters): string {
  const table = tableName(plan);
  const exists = (child: ReadPlan) => `exists (${countSql(child, parameters)})`;
  const leaf = (filter: PlannedFilter): string => {
    if (filter.kind !== "embedding filter") return filterSql(table, filter, parameters);
    const child = plan.children.find((one) => one.aggregateAlias === filter.aggregateAlias) as ReadPlan;
    return `${filter.negated ? "" : "not "}${exists(child)}`;
  };
  const conditions = [
    ...plan.where.map((tree) => logicSql(tree, leaf)),
    ...plan.joinConditions.map(joinConditionSql),
    ...plan.children.filter(({ join }) => join === "inner").map(exists),
  ];
  return `select 1${fromSql(plan)}${conditions.length > 0 ? ` where ${conditions.join(" and ")}` : ""}`;
}
