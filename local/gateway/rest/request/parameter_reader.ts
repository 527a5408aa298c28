// The value of a parameter by its grammar. Applications ask for the same few selects, orders and paths: each is read once.
import { BoundedCache } from "../bounded_cache.ts";
import { queryParameterError } from "../errors/request_errors.ts";
import { describe, position } from "./parse_failures.ts";
import type { Parser } from "./parsec.ts";

const MOST_VALUES = 200;
const LONGEST = 1000;

/** The value of the whole text. Throws PGRST100; `what` names the parameter, as in `order (id.up)`. */
export function read<T>(parser: Parser<T>, what: string, text: string): T {
  const reply = parser(text, 0);
  if (reply.ok) return reply.value;
  const place = `"failed to parse ${what}" ${position(text, reply.failure.at)}`;
  throw queryParameterError(place, describe(reply.failure, text));
}

/** The same for parameters that come again and again. */
export function reader<T extends NonNullable<unknown>>(parser: Parser<T>): (what: string, text: string) => T {
  const known = new BoundedCache<T>(MOST_VALUES);
  return (what, text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const value = read(parser, what, text);
    return text.length > LONGEST ? value : known.set(text, value);
  };
}
