// The schema is kept in memory. As PostgREST does, read it again on `notify pgrst, 'reload schema'`, and whenever
// the connection to the database is made again.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { describe, log } from "./http/log.mjs";

const reloading = new Set(["", "reload schema", "reload config"]);

async function watch(databaseUrl, reload, stop) {
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
        if (reloading.has(payload)) reload().catch(closed.resolve);
      },
      onclose: () => closed.resolve(),
    });
    stop.addEventListener("abort", closed.resolve, { once: true });
    try {
      await listener`listen pgrst`;
      await reload();
      await closed.promise;
    } catch (error) {
      // The database is away or starting, or the schema cannot be read: try again below.
      log(`the schema could not be read: ${describe(error)}`);
    }
    stop.removeEventListener("abort", closed.resolve);
    await listener.end({ timeout: 0 }).catch(() => {});
    await wait(200, undefined, { signal: stop }).catch(() => {});
  }
}

/** Calls `reload` at every signal, again where it failed, until `stop()`. */
export function watchSchema(databaseUrl, reload) {
  const stopping = new AbortController();
  const watching = watch(databaseUrl, reload, stopping.signal);
  return {
    stop() {
      stopping.abort();
      return watching;
    },
  };
}
