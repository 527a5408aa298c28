// Values of a request body, made into what the column or argument takes, as PostgREST's json_populate_record would: any JSON
// value into json and jsonb (also bare numbers, booleans and strings), and anything but null into text as its JSON text.
import { sql } from "kysely";

const jsonTypes = new Set(["json", "jsonb"]);
const textTypes = new Set(["text", "character varying", "varchar", "bpchar", "character", "citext", "name"]);

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

// The cast tells the server, hence the driver, what the parameter is; a bare boolean would be sent as a boolean.
const asColumnValue = (value, type) => {
  if (value === null || value === undefined) return value;
  if (jsonTypes.has(type)) return sql`${JSON.stringify(value)}::${sql.raw(type)}`;
  return textTypes.has(type) ? asText(value) : value;
};

// Supabase Lite writes the cast of an argument itself, around a string.
const asArgument = (value, type) => {
  if (value === null || value === undefined) return value;
  if (jsonTypes.has(type)) return JSON.stringify(value);
  return textTypes.has(type) ? asText(value) : value;
};

const convert = (row, types, convertValue) =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [name, convertValue(value, types.get(name))]));

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

function columnTypes(introspection, schema, relation) {
  const columns = introspection.columns.filter((column) => column.schema === schema && column.table === relation);
  return new Map(columns.map((column) => [column.name, column.type]));
}

function argumentTypes(introspection, schema, name, given) {
  const fits = (candidate) => given.every((argument) => candidate.arg_names.includes(argument));
  const found = introspection.functions.filter((f) => f.schema === schema && f.name === name && fits(f));
  return found.length === 1 ? new Map(found[0].arg_names.map((n, i) => [n, found[0].arg_types[i]])) : new Map();
}

/** The request (Supabase Lite's parsed form of it) with every value of its body ready for the database. */
export function withJsonValues(request, introspection) {
  const schema = request.schema ?? "public";
  if (request.type === "rpc") {
    // A GET carries its arguments as text in the query, which is JSON text already where JSON is asked for.
    if (request.httpMethod !== "POST" || !isObject(request.args)) return request;
    const types = argumentTypes(introspection, schema, request.function, Object.keys(request.args));
    return { ...request, args: convert(request.args, types, asArgument) };
  }
  if (!request.values || typeof request.values !== "object") return request;
  const types = columnTypes(introspection, schema, request.from);
  const row = (value) => (isObject(value) ? convert(value, types, asColumnValue) : value);
  return { ...request, values: Array.isArray(request.values) ? request.values.map(row) : row(request.values) };
}
