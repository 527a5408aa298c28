// A JSON body as rows: Postgres takes it apart.
import type { PlannedField } from "../plan/types.ts";
import { quoteLiteral, quoteName } from "./identifiers.ts";
import type { Parameters } from "./parameters.ts";

const JSONB_VERSION = Buffer.from([1]);
const OBJECT = /^[ \t\r\n]*\{/;

const isObject = (body: Buffer) => OBJECT.test(body.toString("latin1", 0, 4096));

/** An object of the columns' defaults, for the keys that a row lacks. */
const defaultsSql = (columns: readonly PlannedField[]) =>
  `jsonb_build_object(${
    columns.filter((column) => typeof column.default === "string")
      .map((column) => `${quoteLiteral(column.name)}, ${column.default}`).join(", ")
  })`;

/**
 * `from ... pgrst_body`, with a column for each of `columns`. `firstOnly`: at most one row. With `appliesDefaults`, a
 * missing key means the column's default, not null.
 */
export function bodySql(
  body: Buffer,
  columns: readonly PlannedField[],
  { firstOnly = false, appliesDefaults = false },
  parameters: Parameters,
): string {
  const one = isObject(body);
  const type = appliesDefaults ? "jsonb" : "json";
  // In the binary format, which spares Node from decoding it; jsonb has a version in front.
  const value = parameters.add(appliesDefaults ? Buffer.concat([JSONB_VERSION, body]) : body);
  const payload = `from (select ${value}::${type} as json_data) pgrst_payload`;
  const defaults = defaultsSql(columns);
  const filled = one
    ? `select ${defaults} || pgrst_payload.json_data as val`
    : `select jsonb_agg(${defaults} || elem) as val from jsonb_array_elements(pgrst_payload.json_data) elem`;
  const source = appliesDefaults ? "pgrst_json_defs.val" : "pgrst_payload.json_data";
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const typed = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(", ");
  const records = columns.length > 0
    ? `${type}_to_record${one ? "" : "set"}(${source}) as _(${typed})${firstOnly ? " limit 1" : ""}`
    : one
    ? "(values(1)) _"
    : `${type}_array_elements(${source}) _`;
  return `${payload}${appliesDefaults ? `, lateral (${filled}) pgrst_json_defs` : ""}` +
    `, lateral (select ${names} from ${records}) pgrst_body`;
}
