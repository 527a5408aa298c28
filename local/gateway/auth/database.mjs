// Auth's connection: its own role and schema, as on a hosted project, and times as Auth writes them.
import postgres from "postgres";

const connections = 10;

// Postgres prints `2026-11-22 10:34:46.31+00`; Auth answers RFC 3339.
const rfc3339 = (text) => `${text.replace(" ", "T").replace(/\+00$/, "")}Z`;

export function openDatabase(url) {
  return postgres(url, {
    max: connections,
    connection: { application_name: "auth", role: "supabase_auth_admin", search_path: "auth", TimeZone: "UTC" },
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
      date: { to: 1184, from: [1114, 1184], serialize: (time) => time.toISOString?.() ?? time, parse: rfc3339 },
    },
    connect_timeout: 5,
    idle_timeout: 60,
    backoff: () => 0.2,
    onnotice: () => {},
  });
}

const unreachable = /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|EAI_AGAIN|ENOENT|08...|57P0[123]$)/;

/** Whether the database is away: what failed may work in a moment. */
export const isUnreachable = (error) => unreachable.test(error?.code ?? "") || unreachable.test(error?.cause?.code ?? "");
