// How Postgres values cross the wire, so that clients see what PostgREST and Supabase Auth would send.

// JSON arrives here as text that is JSON already (Supabase Lite serialises its own; json_values.mjs does the rest), or as a
// value. Left alone, the driver would serialise the text once more and a column would hold a string that contains JSON.
const json = (oid) => ({
  to: oid,
  from: [oid],
  serialize: (value) => (typeof value === "string" ? value : JSON.stringify(value)),
  parse: JSON.parse,
});

// Postgres prints `2026-11-22 10:34:46.31+00`; PostgREST and Auth send ISO 8601, and strict clients accept nothing else.
const isoTimestamp = (text) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
const timestamp = (oid) => ({ to: oid, from: [oid], serialize: (value) => value, parse: isoTimestamp });

// What a filter compares with is text, and Postgres knows what it means: the driver would take `true` for false, since it is no
// JavaScript boolean, and `today` for no date.
const boolean = {
  to: 16,
  from: [16],
  serialize: (value) => (typeof value === "string" ? value : value ? "t" : "f"),
  parse: (text) => text === "t",
};
const asText = (oid) => ({ to: oid, from: [oid], serialize: (value) => value, parse: (text) => text });

export const databaseTypes = {
  boolean,
  date: asText(1082),
  bytea: asText(17),
  json: json(114),
  jsonb: json(3802),
  timestamp: timestamp(1114),
  timestamptz: timestamp(1184),
};
