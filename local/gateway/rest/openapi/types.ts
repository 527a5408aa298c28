// PostgreSQL's types as those of OpenAPI 2.0.

const TYPES: Record<string, string | undefined> = {
  "character varying": "string",
  character: "string",
  text: "string",
  boolean: "boolean",
  smallint: "integer",
  integer: "integer",
  bigint: "integer",
  numeric: "number",
  real: "number",
  "double precision": "number",
  json: undefined,
  jsonb: undefined,
};

const FORMATS: Record<string, string> = { smallint: "int32", integer: "int32", bigint: "int64" };

/** undefined: any. */
export const swaggerType = (type: string): string | undefined =>
  Object.hasOwn(TYPES, type) ? TYPES[type] : type.endsWith("[]") ? "array" : "string";

export const swaggerFormat = (type: string) => FORMATS[type] ?? type;

/** Of an array, what its elements are. */
export const itemsOf = (type: string) =>
  swaggerType(type) === "array" ? { items: { type: swaggerType(type.slice(0, -"[]".length)) } } : {};
