// Supabase Lite's connection to Postgres, made to leave privileges alone and to answer as PostgREST does.
import { PostgresConnection } from "@supabase/lite/postgres";
import { sql } from "kysely";
import { asPostgrestError, schemaCacheUnavailable } from "./database_errors.mjs";
import { databaseTypes } from "./database_types.mjs";
import { withJsonValues } from "./json_values.mjs";
import { withQualifiedColumns } from "./spread.mjs";

const roles = new Set(["anon", "authenticated", "service_role"]);

// Supabase Lite looks up the columns behind `*` in an embedding by the table's name alone: auth.users would stand for users.
const served = new WeakMap();

function withoutNamesakes(found) {
  if (!served.has(found)) {
    const names = new Set(found.columns.filter(({ schema }) => schema === "public").map(({ table }) => table));
    const columns = found.columns.filter(({ schema, table }) => schema === "public" || !names.has(table));
    served.set(found, { ...found, columns });
  }
  return served.get(found);
}

export class FaithfulConnection extends PostgresConnection {
  // Supabase Lite would grant everything on every table of a schema with row-level security to all three roles at its first
  // request, and so undo column grants. The migrations say who may do what.
  async ensureRlsContext() {
    return true;
  }

  // Who asks, in one round trip instead of six. Only the three roles can be assumed, as PostgREST's authenticator can.
  async applyJwtSessionContext(transaction, { auth, storage }) {
    const role = auth?.role || "anon";
    if (!roles.has(role)) {
      throw Object.assign(new Error(`role "${role}" does not exist`), { code: "22023" });
    }
    await sql`select
      set_config('role', ${role}, true),
      set_config('request.jwt.claim.sub', ${String(auth?.uid ?? "")}, true),
      set_config('request.jwt.claim.role', ${role}, true),
      set_config('request.jwt.claims', ${JSON.stringify(auth?.jwt ?? { role })}, true),
      set_config('storage.operation', ${String(storage?.operation ?? "")}, true)`.execute(transaction);
  }

  // What a function may read of its request, in one round trip instead of five.
  async applyRpcRequestGucs(transaction, { method, path, requestHeaders }) {
    await sql`select
      set_config('response.status', '', true),
      set_config('response.headers', '', true),
      set_config('request.method', ${method}, true),
      set_config('request.path', ${path}, true),
      set_config('request.headers', ${JSON.stringify(requestHeaders ?? {})}, true)`.execute(transaction);
  }

  // An unreachable database would otherwise look like an empty schema.
  async introspect(options) {
    const found = await super.introspect(options);
    if (!found.timezones) throw schemaCacheUnavailable();
    return withoutNamesakes(found);
  }

  async onPostgrestAST(request, variables) {
    const checked = await super.onPostgrestAST(request, variables);
    return withJsonValues(withQualifiedColumns(checked), await this.introspect({ useCache: true }));
  }

  normalizeDbError(error) {
    return asPostgrestError(error);
  }

  /** Whether the database was lost since that moment, or is now. */
  async isLostSince(moment) {
    if (this.lostAt >= moment) return true;
    return this.driver`select 1`.then(() => false, () => true);
  }

  async close() {
    await this.driver.end({ timeout: 0.5 });
  }
}

export function connect(url) {
  const connection = new FaithfulConnection({
    url,
    postgresOptions: {
      types: databaseTypes,
      connection: { application_name: "gateway" },
      backoff: () => 0.2, // a restarted database is found again at once
      connect_timeout: 5,
      onnotice: () => {},
      onclose: () => {
        connection.lostAt = Date.now();
      },
    },
  });
  connection.lostAt = 0;
  return connection;
}
