// Parameters that operations refer to by name.
import type { Table } from "../schema_cache/types.ts";

export const queryParameter = (name: string, description: string | null) => ({
  name,
  ...(description !== null && { description }),
  required: false,
  in: "query",
  type: "string",
});

const headerParameter = (name: string, description: string, more: Record<string, unknown> = {}) => ({
  name,
  description,
  required: false,
  in: "header",
  type: "string",
  ...more,
});

const RETURN = ["return=representation", "return=minimal", "return=none"];
const RESOLUTION = ["resolution=ignore-duplicates", "resolution=merge-duplicates"];
const prefer = (values?: readonly string[]) => headerParameter("Prefer", "Preference", values && { enum: values });

export const commonParameters = {
  preferParams: prefer(),
  preferReturn: prefer(RETURN),
  preferCount: prefer(["count=none"]),
  preferPost: prefer([...RETURN, ...RESOLUTION]),
  select: queryParameter("select", "Filtering Columns"),
  on_conflict: queryParameter("on_conflict", "On Conflict"),
  order: queryParameter("order", "Ordering"),
  range: headerParameter("Range", "Limiting and Pagination"),
  rangeUnit: headerParameter("Range-Unit", "Limiting and Pagination", { default: "items" }),
  offset: queryParameter("offset", "Limiting and Pagination"),
  limit: queryParameter("limit", "Limiting and Pagination"),
};

const rowName = (table: string, column: string) => `rowFilter.${table}.${column}`;

export const rowReferences = ({ name, columns }: Table) => [...columns.keys()].map((column) => rowName(name, column));

export const rowParameters = ({ name, columns }: Table) =>
  [...columns.values()].map((column) => [rowName(name, column.name), queryParameter(column.name, column.description)]);
