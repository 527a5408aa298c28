// What the supabase-js scripts of the tests share. A script reads one JSON object from standard input and writes one back.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { createClient } = createRequire(new URL("../../../local/package.json", import.meta.url))("@supabase/supabase-js");

/** A client that keeps its session in memory; `token` makes it somebody who has signed in already. */
export function client(url, key, token) {
  const kept = new Map();
  return createClient(url, key, {
    ...(token ? { accessToken: async () => token } : {
      auth: {
        flowType: "pkce",
        autoRefreshToken: false,
        detectSessionInUrl: false,
        storage: {
          getItem: (name) => kept.get(name) ?? null,
          setItem: (name, value) => void kept.set(name, value),
          removeItem: (name) => void kept.delete(name),
        },
      },
    }),
  });
}

/** As a browser follows redirects, up to the app's own address. */
export async function browse(address, site) {
  let location = address;
  while (new URL(location).host !== new URL(site).host) {
    const response = await fetch(location, { redirect: "manual" });
    if (!response.headers.has("location")) throw new Error(`${response.status} ${await response.text()}`);
    location = new URL(response.headers.get("location"), location).href;
  }
  return new URL(location);
}

/** Either side of an answer, without what differs from run to run. */
export const outcome = ({ data, error, status }) => ({ status, data, error: error && { code: error.code, message: error.message } });

export async function main(run) {
  process.stdout.write(JSON.stringify(await run(JSON.parse(await text(process.stdin)))));
}
