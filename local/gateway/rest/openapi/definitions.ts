// What a row of a table looks like.
import { type Column, relationshipKey, type SchemaCache, type Table } from "../schema_cache/types.ts";
import { itemsOf, swaggerFormat, swaggerType } from "./types.ts";

/**
 * A literal default, as JSON; anything else that a string column has, as the SQL that it is. PostgREST reads the text between
 * quotes as JSON and escapes nothing, so a text with quotes has no default: `parseDefault` in its Response/OpenAPI.hs.
 */
function defaultOf({ type, default: expression }: Column): { default?: unknown } {
  if (expression === null) return {};
  const cast = `::${type}`;
  const text = expression.endsWith(cast) ? expression.slice(0, -cast.length).replace(/^'+|'+$/g, "") : expression;
  try {
    return { default: JSON.parse(swaggerType(type) === "string" ? `"${text}"` : expression) };
  } catch {
    return {};
  }
}

/** Of one column that is a foreign key; tables before views. */
function foreignKeyNote(table: Table, column: Column, { relationships }: SchemaCache): string[] {
  const known = relationships.get(relationshipKey(table, table.schema)) ?? [];
  const found = known
    .filter((one) => one.kind === "key")
    .filter(({ cardinality, isParent }) => cardinality === "many-to-one" || (cardinality === "one-to-one" && !isParent))
    .filter(({ columns }) => columns.length === 1 && columns[0][0] === column.name)
    .sort((one, other) => Number(one.isForeignView) - Number(other.isForeignView))[0];
  if (!found) return [];
  const [foreign, key] = [found.foreign.name, found.columns[0][1]];
  return [`This is a Foreign Key to \`${foreign}.${key}\`.<fk table='${foreign}' column='${key}'/>`];
}

function propertyOf(table: Table, column: Column, cache: SchemaCache) {
  const notes = [
    ...(table.primaryKey.includes(column.name) ? ["This is a Primary Key.<pk/>"] : []),
    ...foreignKeyNote(table, column, cache),
  ];
  const before = column.description === null ? "" : `${column.description}\n\n`;
  const description = notes.length > 0 ? `${before}${["Note:", ...notes].join("\n")}` : column.description;
  return {
    ...defaultOf(column),
    ...(description !== null && { description }),
    ...(column.enumLabels.length > 0 && { enum: column.enumLabels }),
    format: swaggerFormat(column.type),
    ...(column.maxLength !== null && { maxLength: column.maxLength }),
    type: swaggerType(column.type),
    ...itemsOf(column.type),
  };
}

export function definitionOf(table: Table, cache: SchemaCache) {
  const columns = [...table.columns.values()];
  const required = columns.filter(({ isNullable }) => !isNullable).map(({ name }) => name);
  return {
    ...(table.description !== null && { description: table.description }),
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(columns.map((column) => [column.name, propertyOf(table, column, cache)])),
    type: "object",
  };
}
