// Supabase Lite's connection to Postgres, made to leave privileges alone and to answer as Supabase Auth does.
import { PostgresConnection } from "@supabase/lite/postgres";
import { sql } from "kysely";
import { asPostgrestError } from "./database_errors.mjs";
import { databaseTypes } from "./database_types.mjs";

// Supabase Lite gives a refresh token an id of its own, a UUID; in Auth's table it is a number from a sequence.
const withoutTokenIds = {
  transformQuery({ node }) {
    if (node.kind !== "InsertQueryNode" || node.into.table.identifier.name !== "refresh_tokens") return node;
    const place = node.columns.findIndex(({ column }) => column.name === "id");
    const rest = (list) => list.toSpliced(place, 1);
    const values = node.values.values.map((row) => ({ ...row, values: rest(row.values) }));
    return { ...node, columns: rest(node.columns), values: { ...node.values, values } };
  },
  transformResult: async ({ result }) => result,
};

const roles = new Set(["anon", "authenticated", "service_role"]);

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
  connection.kysely = connection.kysely.withPlugin(withoutTokenIds);
  connection.lostAt = 0;
  return connection;
}
