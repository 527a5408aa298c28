// Names and literals in SQL text.
import type { Identifier } from "../schema_cache/types.ts";

const untilNull = (text: string) => text.split("\0", 1)[0];

export const quoteName = (name: string) => `"${untilNull(name).replaceAll('"', '""')}"`;

/** An empty schema leaves the name to the search path, or to an alias. */
export const quoteIdentifier = ({ schema, name }: Identifier) =>
  schema === "" ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;

export const quoteColumn = (table: Identifier, column: string) =>
  `${quoteIdentifier(table)}.${column === "*" ? "*" : quoteName(column)}`;

export function quoteLiteral(text: string): string {
  const quoted = `'${untilNull(text).replaceAll("'", "''")}'`;
  return quoted.includes("\\") ? `E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}

/** `{"a","b"}`, an array as text. */
export const arrayLiteral = (values: readonly string[]) =>
  `{${values.map((value) => `"${untilNull(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
