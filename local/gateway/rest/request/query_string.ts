// A query string as pairs, percent-decoded, and back into the canonical text of Content-Location.
import { isUtf8 } from "node:buffer";
import { queryParameterError } from "../errors/request_errors.ts";

/** A name without `=` has no value, and is passed over. */
export type Pair = readonly [name: string, value: string | null];

function decode(text: string): string {
  const plus = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!plus.includes("%")) return plus;
  try {
    return decodeURIComponent(plus);
  } catch {
    return decodeLoosely(plus);
  }
}

/** A percent sign that begins no escape stands for itself. Throws PGRST100. */
function decodeLoosely(text: string): string {
  const bytes: Buffer[] = [];
  for (const part of text.split(/(%[0-9a-fA-F]{2})/)) {
    bytes.push(/^%[0-9a-fA-F]{2}$/.test(part) ? Buffer.from(part.slice(1), "hex") : Buffer.from(part));
  }
  const decoded = Buffer.concat(bytes);
  if (!isUtf8(decoded)) throw queryParameterError("The query string is not UTF-8.", `unexpected bytes in ${text}`);
  return decoded.toString();
}

export function parsePairs(query: string): Pair[] {
  if (query === "") return [];
  return query.replace(/[&;]$/, "").split(/[&;]/).map((part): Pair => {
    const equals = part.indexOf("=");
    return equals < 0 ? [decode(part), null] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
  });
}

const unreserved = /[^A-Za-z0-9\-_.~]/g;
const hexadecimal = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** As PostgREST encodes: each byte of the UTF-8 text by itself, those beyond ASCII as characters of Latin 1. */
const encode = (text: string) =>
  Buffer.from(text).toString("latin1").replace(unreserved, (one) => [...Buffer.from(one)].map(hexadecimal).join(""));

/** Sorted by name; the values of one name are joined by commas. */
export function canonical(pairs: readonly Pair[]): string {
  const values = new Map<string, string[]>();
  for (const [name, value] of [...pairs].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))) {
    const known = values.get(name);
    if (known) known.push(encode(value ?? ""));
    else values.set(name, [encode(value ?? "")]);
  }
  return [...values].map(([name, all]) => `${encode(name)}=${all.join(",")}`).join("&");
}
