// Insert, upsert, update and delete as SQL.
import { type MutatePlan, type PlannedField } from "../plan/types.ts";
import type { Identifier } from "../schema_cache/types.ts";
import { bodySql } from "./body.ts";
import { whereSql } from "./conditions.ts";
import { quoteColumn, quoteIdentifier, quoteName } from "./identifiers.ts";
import type { Parameters } from "./parameters.ts";

const BODY: Identifier = { schema: "", name: "pgrst_body" };

/** Without columns, a 1 for each row, to be counted. */
const returningSql = (table: Identifier, columns: readonly string[]) =>
  ` returning ${columns.length > 0 ? columns.map((column) => quoteColumn(table, column)).join(", ") : "1"}`;

const INSERTED = "coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0)";
/** Counts the rows that an upsert inserts: up as each is tried, and down again where it is updated instead. */
const COUNT_UP = `set_config('pgrst.inserted', (${INSERTED} + 1)::text, true) <> '0'`;
const COUNT_DOWN = `set_config('pgrst.inserted', (${INSERTED} - 1)::text, true) <> '-1'`;

const names = (columns: readonly PlannedField[]) => columns.map(({ name }) => quoteName(name)).join(", ");

function insertSql(plan: MutatePlan & { kind: "insert" }, parameters: Parameters): string {
  const { into, columns, body, onConflict, returning, appliesDefaults } = plan;
  const isMerge = onConflict?.resolution === "merge-duplicates";
  const values = columns.map(({ name }) => quoteColumn(BODY, name)).join(", ");
  const source = `select ${values} ${bodySql(body, columns, { appliesDefaults }, parameters)}`;
  const where = whereSql(BODY, plan.where, parameters);
  const counted = where.length > 0 || isMerge ? ` where ${[COUNT_UP, ...where].join(" and ")}` : "";
  return `insert into ${quoteIdentifier(into)}${columns.length > 0 ? `(${names(columns)})` : ""} ${source}${counted}` +
    conflictSql(plan) + returningSql(into, returning);
}

function conflictSql({ onConflict, columns }: MutatePlan & { kind: "insert" }): string {
  if (!onConflict || onConflict.columns.length === 0) return "";
  const target = ` on conflict(${onConflict.columns.map(quoteName).join(", ")}) do`;
  if (onConflict.resolution === "ignore-duplicates" || columns.length === 0) return `${target} nothing`;
  const set = columns.map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(", ");
  return `${target} update set ${set} where ${COUNT_DOWN}`;
}

function updateSql(plan: MutatePlan & { kind: "update" }, parameters: Parameters): string {
  const { into, columns, body, returning, appliesDefaults } = plan;
  if (columns.length === 0) {
    // There is nothing to set: no row, with the columns that the answer selects from.
    const selected = returning.map((column) => quoteColumn({ schema: "", name: into.name }, column)).join(", ");
    return `select ${selected || "null"} from ${quoteIdentifier(into)} where false`;
  }
  const set = columns.map(({ name }) => `${quoteName(name)} = ${quoteColumn(BODY, name)}`).join(", ");
  const source = bodySql(body, columns, { appliesDefaults }, parameters);
  const where = whereSql(into, plan.where, parameters);
  return `update ${quoteIdentifier(into)} set ${set} ${source}` +
    (where.length > 0 ? ` where ${where.join(" and ")}` : "") + returningSql(into, returning);
}

export function mutateSql(plan: MutatePlan, parameters: Parameters): string {
  if (plan.kind === "insert") return insertSql(plan, parameters);
  if (plan.kind === "update") return updateSql(plan, parameters);
  const where = whereSql(plan.into, plan.where, parameters);
  return `delete from ${quoteIdentifier(plan.into)}${where.length > 0 ? ` where ${where.join(" and ")}` : ""}` +
    returningSql(plan.into, plan.returning);
}
