// Supabase Lite keeps the schema in memory. As PostgREST does, read it again on `notify pgrst, 'reload schema'`, and whenever
// the connection to the database has been made anew.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";

/** Calls `reload` at every signal until `stop` (an AbortSignal) says so. */
export async function watchSchema(databaseUrl, reload, stop) {
  while (!stop.aborted) {
    const closed = Promise.withResolvers();
    const listener = postgres(databaseUrl, {
      max: 1,
      idle_timeout: null,
      max_lifetime: null,
      connect_timeout: 5,
      fetch_types: false,
      connection: { application_name: "gateway schema watch" },
      onnotice: () => {},
      onnotify: (_channel, payload) => {
        if (payload === "" || payload === "reload schema") void reload();
      },
      onclose: () => closed.resolve(),
    });
    stop.addEventListener("abort", closed.resolve, { once: true });
    try {
      await listener`listen pgrst`;
      await reload();
      await closed.promise;
    } catch {
      // The database is away or starting: try again below.
    }
    stop.removeEventListener("abort", closed.resolve);
    await listener.end({ timeout: 0 }).catch(() => {});
    await wait(200, undefined, { signal: stop }).catch(() => {});
  }
}
