// Subscribes to the changes of a table, as both versions of the protocol, and reads what a client reports of it.
import { createRequire } from "node:module";
import { main } from "./supabase.mjs";

const { createClient } = createRequire(new URL("../../../local/package.json", import.meta.url))("@supabase/supabase-js");

function subscribe(url, key, vsn) {
  const supabase = createClient(url, key, { realtime: { vsn } });
  const changes = { event: "*", schema: "public", table: "projects" };
  return new Promise((resolve) => {
    supabase.channel("any").on("postgres_changes", changes, () => {}).subscribe(async (status, error) => {
      resolve({ status, message: error?.message });
      await supabase.removeAllChannels();
    });
  });
}

await main(async ({ url, key }) => {
  const seen = {};
  for (const vsn of ["1.0.0", "2.0.0"]) seen[vsn] = await subscribe(url, key, vsn);
  return seen;
});
