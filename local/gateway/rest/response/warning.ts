// A Warning (RFC 7234) about names that a later PostgREST will not understand.
import { deprecatedNames } from "../plan/read_plan.ts";
import type { ReadPlan } from "../plan/types.ts";
import type { HeaderPair } from "./guc_headers.ts";

export const VERSION = "16.2";

export function warningHeader(plan: ReadPlan): HeaderPair | null {
  const names = deprecatedNames(plan);
  if (names.length === 0) return null;
  const changes = names.map(({ name, alias }) => `\`${name}\` to \`${alias}\``).join(", ");
  const message = "Embedded resource was referenced by relation name even though it has an alias. " +
    "This is deprecated and will stop working in a future release. " +
    `Update ${changes} in query string filters, orders or limits.`;
  return ["warning", `299 PostgRESTv${VERSION} "${message}"`];
}
