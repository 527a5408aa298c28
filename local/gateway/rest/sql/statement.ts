// The one statement of a request, which answers with one row: the counts, where an inserted row is, the whole body as text,
// and what functions have set of the response.
import type { Preferences } from "../request/preferences.ts";
import { isAll, type RowRange } from "../request/ranges.ts";
import {
  type BodyFormat,
  type CallPlan,
  type MutatePlan,
  type ReadPlan,
  returnsScalar,
  returnsSetOfScalar,
  SOURCE,
} from "../plan/types.ts";
import type { Routine } from "../schema_cache/types.ts";
import { callPlanSql } from "./call.ts";
import { quoteLiteral } from "./identifiers.ts";
import { mutateSql } from "./mutate.ts";
import { Parameters, type Statement } from "./parameters.ts";
import { countSql, readSql } from "./read.ts";

/** In the order of the statement's columns; null is SQL's. */
export type ResultRow = readonly [
  total: string | null,
  rows: string,
  location: string | null,
  body: string | null,
  headers: string | null,
  status: string | null,
  inserted: string | null,
];

const setting = (name: string) => `nullif(current_setting('${name}', true), '')`;
const RESPONSE = `${setting("response.headers")}, ${setting("response.status")}`;
const ROWS = "pg_catalog.count(*)";
const NO_LOCATION = "null";

function csvSql(): string {
  const header = `(select coalesce(string_agg(a.k, ','), '') from (select json_object_keys(r)::text as k from ` +
    `(select row_to_json(hh) as r from ${SOURCE} as hh limit 1) s) a)`;
  const line = "substring(_postgrest_t::text, 2, length(_postgrest_t::text) - 2)";
  return `${header} || E'\\n' || coalesce(string_agg(${line}, E'\\n'), '')`;
}

/** One object, the first; or all rows; or, of a function that returns one value, that. */
function jsonSql(format: BodyFormat, routine: Routine | undefined): string {
  const isScalar = routine !== undefined && returnsScalar(routine);
  const isSingle = format.startsWith("object") || (routine !== undefined && !routine.isSet);
  const isValue = isScalar || (routine !== undefined && returnsSetOfScalar(routine) && format.startsWith("array"));
  const all = `json_agg(_postgrest_t${isValue ? ".pgrst_scalar" : ""})`;
  const stripped = format.endsWith("-stripped") ? `json_strip_nulls(${all})` : all;
  return isSingle ? `coalesce(${stripped}->0, 'null')` : `coalesce(${stripped}, '[]')`;
}

function bodySql(format: BodyFormat, routine?: Routine): string {
  if (format === "none") return "''";
  if (format === "csv") return csvSql();
  if (format === "geojson") {
    return "json_build_object('type', 'FeatureCollection', 'features', " +
      "coalesce(json_agg(st_asgeojson(_postgrest_t)::json), '[]'))";
  }
  return jsonSql(format, routine);
}

export interface Counting {
  preference: Preferences["count"];
  maxRows: bigint | null;
  range: RowRange;
}

/** The total has to be counted by itself only where not all rows are there. */
function countParts(plan: ReadPlan, rows: string, { preference, maxRows, range }: Counting, parameters: Parameters) {
  if (preference !== "exact" && preference !== "estimated") return { cte: "", total: "null::bigint" };
  if (maxRows === null && isAll(range)) return { cte: "", total: rows };
  // One more than the most rows tells that there are more.
  const limit = preference === "estimated" && maxRows !== null && plan.from.name !== SOURCE
    ? ` limit ${maxRows + 1n}`
    : "";
  return {
    cte: `, pgrst_source_count as (${countSql(plan, parameters)}${limit})`,
    total: "(select pg_catalog.count(*) from pgrst_source_count)",
  };
}

export function readStatement(plan: ReadPlan, format: BodyFormat, counting: Counting): Statement {
  const parameters = new Parameters();
  const source = readSql(plan, parameters);
  const { cte, total } = countParts(plan, ROWS, counting, parameters);
  const text = `with ${SOURCE} as (${source})${cte} ` +
    `select ${total}, ${ROWS}, ${NO_LOCATION}, ${bodySql(format)}, ${RESPONSE}, null ` +
    `from (select * from ${SOURCE}) _postgrest_t`;
  return { text, values: parameters.values };
}

/** `{id=eq.1}`: the primary key of the one row. */
function locationSql(primaryKey: readonly string[]): string {
  const names = primaryKey.map(quoteLiteral).join(", ") || "''";
  return `case when ${ROWS} = 1 then (select json_agg(json_build_array(key, coalesce('eq.' || value, 'is.null'))) ` +
    `from (select row_to_json(_) as row from ${SOURCE} as _ limit 1) data, json_each_text(data.row) ` +
    `where key in (${names})) end`;
}

export function mutateStatement(
  plan: MutatePlan,
  read: ReadPlan,
  format: BodyFormat,
  { return: returned, resolution }: Preferences,
): Statement {
  const parameters = new Parameters();
  const source = mutateSql(plan, parameters);
  const isInsert = plan.kind === "insert";
  const isUpsert = isInsert && (plan.where.length > 0 || resolution === "merge-duplicates");
  const location = isInsert && returned === "headers-only" ? locationSql(plan.primaryKey) : NO_LOCATION;
  const inserted = isUpsert ? setting("pgrst.inserted") : "null";
  const rows = format === "none" ? `select * from ${SOURCE}` : readSql(read, parameters);
  const text = `with ${SOURCE} as (${source}) ` +
    `select null, ${ROWS}, ${location}, ${bodySql(format)}, ${RESPONSE}, ${inserted} from (${rows}) _postgrest_t`;
  return { text, values: parameters.values };
}

export function callStatement(plan: CallPlan, read: ReadPlan, format: BodyFormat, counting: Counting): Statement {
  const parameters = new Parameters();
  const source = callPlanSql(plan, parameters);
  const rows = plan.routine.isSet ? ROWS : "1";
  const { cte, total } = countParts(read, rows, counting, parameters);
  const text = `with ${SOURCE} as (${source})${cte} ` +
    `select ${total}, ${rows}, ${NO_LOCATION}, ${bodySql(format, plan.routine)}, ${RESPONSE}, null ` +
    `from (${readSql(read, parameters)}) _postgrest_t`;
  return { text, values: parameters.values };
}

/** Postgres's guess of how many rows there are. */
export function explainStatement(plan: ReadPlan): Statement {
  const parameters = new Parameters();
  const text = `explain (format json) ${countSql(plan, parameters)}`;
  return { text, values: parameters.values };
}
