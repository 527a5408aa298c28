// The body of a request that writes or calls a function. JSON goes to the database as it came; here only the names of its
// columns are read.
import { isUtf8 } from "node:buffer";
import { invalidBody } from "../errors/request_errors.ts";
import { csvToRows } from "./csv.ts";
import { type MediaType, nameOf } from "./media_types.ts";
import { parsePairs } from "./query_string.ts";

export type Payload =
  | { kind: "json"; body: Buffer }
  | { kind: "form"; fields: readonly (readonly [string, string])[] }
  | { kind: "raw"; body: Buffer };

export interface ReadPayload {
  payload: Payload;
  /** Names of the columns or arguments, sorted. */
  columns: readonly string[];
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function sameKeys(row: unknown, keys: ReadonlySet<string>): boolean {
  if (!isObject(row)) return false;
  const own = Object.keys(row);
  return own.length === keys.size && own.every((key) => keys.has(key));
}

/** The rows' common columns. Throws PGRST102, with `message` where they have not the same. */
function fromValue(body: Buffer, value: unknown, message: string): ReadPayload {
  if (isObject(value)) return { payload: { kind: "json", body }, columns: Object.keys(value).sort() };
  if (!Array.isArray(value) || value.length === 0) return { payload: { kind: "json", body: json([]) }, columns: [] };
  const keys = new Set(isObject(value[0]) ? Object.keys(value[0]) : []);
  if (!value.every((row) => sameKeys(row, keys))) throw invalidBody(message);
  return { payload: { kind: "json", body }, columns: [...keys].sort() };
}

function parseJson(body: Buffer): unknown {
  try {
    if (isUtf8(body)) return JSON.parse(body.toString());
  } catch {
    // Said below.
  }
  throw invalidBody("Empty or invalid json");
}

function fromJson(body: Buffer, isCall: boolean): ReadPayload {
  if (isCall && body.length === 0) return { payload: { kind: "json", body: json({}) }, columns: [] };
  return fromValue(body, parseJson(body), "All object keys must match");
}

function fromForm(body: Buffer, isCall: boolean): ReadPayload {
  const fields = parsePairs(body.toString()).map(([name, value]) => [name, value ?? ""] as const);
  const columns = [...new Set(fields.map(([name]) => name))].sort();
  if (isCall) return { payload: { kind: "form", fields }, columns };
  return { payload: { kind: "json", body: json(Object.fromEntries(fields)) }, columns };
}

/** `columns`: those of the parameter of this name, where it counts. Throws PGRST102. */
export function readPayload(
  body: Buffer,
  type: MediaType,
  columns: ReadonlySet<string> | null,
  isCall: boolean,
): ReadPayload {
  if (type.kind === "json") {
    return columns ? { payload: { kind: "json", body }, columns: [...columns].sort() } : fromJson(body, isCall);
  }
  if (type.kind === "csv") {
    const rows = csvToRows(body.toString());
    return fromValue(json(rows), rows, "All lines must have same number of fields");
  }
  if (type.kind === "form") return fromForm(body, isCall);
  if (isCall && (type.kind === "text" || type.kind === "xml" || type.kind === "bytes")) {
    return { payload: { kind: "raw", body }, columns: [] };
  }
  throw invalidBody(`Content-Type not acceptable: ${nameOf(type)}`);
}
