// POST /graphql/v1: GraphQL over the same tables, with the caller's role and claims, as pg_graphql serves it on a hosted
// project.
import { execute, hookArgs } from "postgraphile/grafast";
import { describe, log } from "../http/log.mjs";
import { identifier } from "../rest/auth/request_role.ts";
import { RestError } from "../rest/errors/rest_error.ts";
import { excess, read } from "./limits.mjs";
import { Refused } from "./mutations.mjs";
import { Schemas } from "./schemas.mjs";

const maxBytes = 256 * 1024;
const maxDocuments = 100;
const maxKeptLength = 10_000;
// How long hosted projects let a statement of each role run.
const statementTimeout = { anon: "3s", authenticated: "8s", service_role: "30s" };
const sqlState = /^[0-9A-Z]{5}$/;
const unreachableCodes = /^(08...|57P..|E[A-Z]+)$/;
const unreachableWords = /^(Connection terminated|timeout exceeded when trying to connect)/;

const refuse = (status, message, headers = {}) => Response.json({ errors: [{ message }] }, { status, headers });
const answer = (result) => Response.json(result);

async function readBody(request) {
  if (request.method !== "POST") return { refusal: refuse(405, "Send the query by POST.", { allow: "POST, OPTIONS" }) };
  if (!/^application\/(graphql\+)?json\b/i.test(request.headers.get("content-type") ?? "")) {
    return { refusal: refuse(415, "Send the query as application/json.") };
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return { refusal: refuse(413, `The request is larger than ${maxBytes} bytes.`) };
    chunks.push(chunk);
  }
  const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  try {
    const body = JSON.parse(Buffer.concat(chunks));
    if (!isObject(body) || typeof body.query !== "string" || !isObject(body.variables ?? {})) throw new SyntaxError();
    return { body };
  } catch {
    return { refusal: refuse(400, "Send a JSON object with `query`, and `variables` and `operationName` where needed.") };
  }
}

/** The document of a query, from the last ones that were read or again. */
function documentOf({ schema, documents }, query, mayIntrospect) {
  const kept = documents.get(query);
  if (kept) return { document: kept };
  const found = read(schema, query, mayIntrospect);
  if (found.document && query.length <= maxKeptLength) {
    if (documents.size >= maxDocuments) documents.delete(documents.keys().next().value);
    documents.set(query, found.document);
  }
  return found;
}

const settingsOf = (claims) => ({
  role: claims.role,
  "request.jwt.claim.sub": String(claims.sub ?? ""),
  "request.jwt.claim.role": claims.role,
  "request.jwt.claims": JSON.stringify(claims),
  statement_timeout: statementTimeout[claims.role],
});

/** An error as callers may read it: the query's and the database's own words; of anything else only that it happened. */
function presentable(error) {
  const cause = error.originalError;
  const isTold = !cause || cause instanceof Refused || cause.name === "GraphQLError" || sqlState.test(cause.code ?? "");
  if (isTold || cause.message.startsWith("Invalid cursor")) return error;
  log(`graphql error: ${describe(cause)}`);
  return { message: "An internal error occurred.", path: error.path };
}

const isUnreachable = ({ originalError: cause }) =>
  Boolean(cause) && (unreachableCodes.test(cause.code ?? "") || unreachableWords.test(cause.message));

const unreachable = () => refuse(503, "The database cannot be reached.", { "retry-after": "1" });

export class GraphqlEndpoint {
  #identify;
  #schemas;

  constructor(settings) {
    this.#identify = identifier(settings);
    this.#schemas = new Schemas(settings.databaseUrl);
  }

  async fetch(request) {
    const { claims, response } = this.#identifyCaller(request);
    if (response) return response;
    const { body, refusal } = await readBody(request);
    if (refusal) return refusal;
    const built = await this.#schemas.of(claims.role).catch((error) => void log(`graphql error: ${describe(error)}`));
    if (!built) return unreachable();
    const { document, errors } = documentOf(built, body.query, claims.role === "service_role");
    const faults = errors ?? excess(built, document, body);
    return faults.length ? answer({ errors: faults }) : this.#run(built, document, body, claims);
  }

  /** `{ claims }` of the caller, whose `role` is one of the three; or `{ response }`, the refusal. */
  #identifyCaller(request) {
    const key = new URL(request.url).searchParams.get("apikey");
    try {
      const { role, claims } = this.#identify(Object.fromEntries(request.headers), key);
      return statementTimeout[role] ? { claims } : { response: refuse(401, `role "${role}" does not exist`) };
    } catch (error) {
      if (!(error instanceof RestError)) throw error;
      return { response: Response.json(error.body, { status: error.status, headers: error.headers }) };
    }
  }

  async #run({ schema, resolvedPreset }, document, { variables, operationName }, claims) {
    const requestContext = { pgSettings: settingsOf(claims) };
    const operation = { schema, document, variableValues: variables ?? {}, operationName, resolvedPreset, requestContext };
    const { data, errors } = await execute(await hookArgs(operation));
    if (errors?.some(isUnreachable)) return unreachable();
    return answer({ ...(data !== undefined && { data }), ...(errors && { errors: errors.map(presentable) }) });
  }

  /** After a change of the database's schema. */
  reload() {
    this.#schemas.forget();
  }

  stop() {
    return this.#schemas.stop();
  }
}
