// What is set for a transaction before its statement: the role, the claims, the request itself, timeouts.
// https://docs.postgrest.org/en/v16/references/transactions.html
import type { Identity } from "../auth/request_role.ts";
import type { ApiRequest, IncomingRequest } from "../request/api_request.ts";
import type { Identifier, Routine } from "../schema_cache/types.ts";
import { quoteIdentifier, quoteName } from "../sql/identifiers.ts";
import { Parameters, type Statement } from "../sql/parameters.ts";
import type { RoleSettings } from "./role_settings.ts";

export interface TransactionSettings {
  isReadOnly: boolean;
  extraSearchPath: readonly string[];
  /** A function that is called before the request's own statement. */
  preRequest: Identifier | null;
  role?: RoleSettings;
  /** The function that is called. */
  routine?: Routine;
}

const utf8 = (value: string) => Buffer.from(value, "latin1").toString();

function headersText(headers: IncomingRequest["headers"]): string {
  const sent = Object.entries(headers).filter(([name]) => name !== "cookie");
  return JSON.stringify(Object.fromEntries(sent.map(([name, value]) => [name, utf8(value ?? "")])));
}

/** RFC 6265, as lenient as PostgREST: whatever has no `=` is a name alone. */
function cookiesText(header: string | undefined): string {
  const pairs = (header ?? "").split(";").map((part) => part.trim()).filter((part) => part !== "");
  return JSON.stringify(Object.fromEntries(pairs.map((pair) => {
    const equals = pair.indexOf("=");
    return equals < 0 ? [utf8(pair), ""] : [utf8(pair.slice(0, equals)), utf8(pair.slice(equals + 1))];
  })));
}

/** `select set_config(...), ...`: all that holds for this transaction alone. */
function settingsStatement(
  incoming: IncomingRequest,
  request: ApiRequest,
  identity: Identity,
  { isReadOnly, extraSearchPath, role, routine }: TransactionSettings,
): Statement {
  const parameters = new Parameters();
  const searchPath = [request.schema, ...extraSearchPath].map(quoteName).join(", ");
  const { timezone } = request.preferences;
  // The role's own settings come before the role, which may not be allowed to set them.
  const settings: (readonly [string, string])[] = [
    ["transaction_read_only", isReadOnly ? "on" : "off"],
    ["search_path", searchPath],
    ...(role?.settings ?? []),
    ["role", identity.role],
    ["request.jwt.claims", identity.claimsText],
    ["request.method", incoming.method],
    ["request.path", incoming.path],
    ["request.headers", headersText(incoming.headers)],
    ["request.cookies", cookiesText(incoming.headers.cookie)],
    ...(timezone === undefined ? [] : [["timezone", timezone] as const]),
    ...(routine?.settings ?? []),
  ];
  const calls = settings.map(([name, value]) => `set_config(${parameters.add(name)}, ${parameters.add(value)}, true)`);
  return { text: `select ${calls.join(", ")}`, values: parameters.values };
}

const LEVELS = new Set(["read committed", "repeatable read", "serializable"]);

/** Empty for the default, read committed. */
function isolationStatements({ role, routine }: TransactionSettings): Statement[] {
  const level = (routine?.isolation ?? role?.isolation)?.toLowerCase();
  if (level === undefined || !LEVELS.has(level) || level === "read committed") return [];
  return [{ text: `set transaction isolation level ${level}`, values: [] }];
}

/** What comes before a request's own statement, whatever it is. */
export const openingStatements = (
  incoming: IncomingRequest,
  request: ApiRequest,
  identity: Identity,
  transaction: TransactionSettings,
): Statement[] => [
  ...isolationStatements(transaction),
  settingsStatement(incoming, request, identity, transaction),
  ...(transaction.preRequest ? [{ text: `select ${quoteIdentifier(transaction.preRequest)}()`, values: [] }] : []),
];
