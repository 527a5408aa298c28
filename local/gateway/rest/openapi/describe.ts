// GET /: an OpenAPI 2.0 description of what the caller may see. https://docs.postgrest.org/en/v16/references/api/openapi.html
import { ANON, type Identity } from "../auth/request_role.ts";
import type { Pool } from "../database/pool.ts";
import { openingStatements } from "../database/transaction.ts";
import type { Snapshot } from "../engine.ts";
import { mediaTypesUnavailable } from "../errors/request_errors.ts";
import type { ApiRequest, IncomingRequest } from "../request/api_request.ts";
import { contentTypeOf, nameOf } from "../request/media_types.ts";
import type { RestResponse } from "../response/common.ts";
import { keyOf } from "../schema_cache/types.ts";
import { buildDocument } from "./document.ts";

/** Names of the tables and functions of a schema that the role may use, and the schema's comment. */
const ACCESSIBLE = `select
  (
    select coalesce(json_agg(c.relname order by c.relname), '[]') from pg_catalog.pg_class c
    where c.relnamespace = n.oid and c.relkind in ('v', 'r', 'm', 'f', 'p') and not c.relispartition and (
      pg_has_role(c.relowner, 'USAGE')
      or has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
      or has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
    )
  ),
  (
    select coalesce(json_agg(distinct p.proname), '[]')
    from pg_catalog.pg_proc p where p.pronamespace = n.oid and has_function_privilege(p.oid, 'execute')
  ),
  obj_description(n.oid, 'pg_namespace')
from pg_catalog.pg_namespace n where n.nspname = $1`;

const PRODUCED = new Set(["openapi", "json", "any"]);

/** Throws PGRST107. */
export async function describeSchema(
  incoming: IncomingRequest,
  request: ApiRequest,
  identity: Identity,
  { cache, settings, database }: Snapshot,
  pool: Pool,
): Promise<RestResponse> {
  const { accepts, action, schema, isSchemaNegotiated } = request;
  if (!accepts.some(({ kind }) => PRODUCED.has(kind))) throw mediaTypesUnavailable(accepts.map(nameOf));
  const { extraSearchPath, preRequest } = settings;
  const transaction = { isReadOnly: true, extraSearchPath, preRequest, role: database.roles.get(identity.role) };
  const opening = openingStatements(incoming, request, identity, transaction);
  const rows = await pool.run([...opening, { text: ACCESSIBLE, values: [schema] }], identity.role === ANON);
  const [tableNames, routineNames, comment] = rows[opening.length] ?? [null, null, null];
  const tables = (JSON.parse(tableNames ?? "[]") as string[]).flatMap((name) =>
    cache.tables.get(keyOf({ schema, name })) ?? []
  );
  const routines = (JSON.parse(routineNames ?? "[]") as string[]).flatMap((name) =>
    cache.routines.get(keyOf({ schema, name })) ?? []
  );
  const isHead = action.kind === "describe" && action.headersOnly;
  const host = incoming.headers.host ?? "localhost";
  return {
    status: 200,
    headers: [
      ["content-type", contentTypeOf({ kind: "openapi" })],
      ...(isSchemaNegotiated ? [["content-profile", schema] as const] : []),
    ],
    body: isHead ? "" : JSON.stringify(buildDocument({ tables, routines, comment, host }, cache)),
  };
}
