// Status and headers that functions set of the response (`response.status`, `response.headers`).
// https://docs.postgrest.org/en/v16/references/transactions.html#response-headers
import { badGucHeaders, badGucStatus } from "../errors/request_errors.ts";

/** Names in lower case. */
export type HeaderPair = readonly [name: string, value: string];

function readHeader(value: unknown): HeaderPair {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badGucHeaders();
  const entries = Object.entries(value);
  if (entries.length !== 1 || typeof entries[0][1] !== "string") throw badGucHeaders();
  return [entries[0][0].toLowerCase(), entries[0][1]];
}

/** Throws PGRST111. */
export function readGucHeaders(text: string | null): HeaderPair[] {
  if (text === null) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badGucHeaders();
  }
  if (!Array.isArray(value)) throw badGucHeaders();
  return value.map(readHeader);
}

/** Throws PGRST112. */
export function readGucStatus(text: string | null): number | null {
  if (text === null) return null;
  const digits = text.match(/^\d+/)?.[0];
  const status = Number(digits);
  if (digits === undefined || status < 100 || status > 999) throw badGucStatus();
  return status;
}
