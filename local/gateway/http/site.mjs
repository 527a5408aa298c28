// The example site (examples/web), built: its files, and for every other path its index.html, which knows the pages.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";

/** The page, with what Vite leaves for the server of the built files to fill in. Read each time: it may be built again. */
function readPage(folder, { supabaseUrl, publishableKey }) {
  const values = { VITE_SUPABASE_URL: supabaseUrl, VITE_SUPABASE_PUBLISHABLE_KEY: publishableKey };
  const page = readFileSync(join(folder, "index.html"), "utf8");
  return page.replace(/%(VITE_\w+)%/g, (placeholder, name) => values[name] ?? placeholder);
}

function createSite({ folder, host, ...values }) {
  const app = new Hono();
  app.use(async (context, next) => {
    // Another site's name that leads here is not ours (DNS rebinding).
    if (context.req.header("host") !== host) return context.text("Misdirected Request", 421);
    await next();
    context.header("x-content-type-options", "nosniff");
    context.header("referrer-policy", "strict-origin-when-cross-origin");
    context.header("content-security-policy", "frame-ancestors 'none'"); // which a page cannot say of itself
  });
  const onFound = (path, context) => context.header("cache-control", "public, max-age=31536000, immutable");
  app.get("/assets/*", serveStatic({ root: folder, onFound }), (context) => context.notFound());
  app.get("/:file{.+\\.(svg|webm)}", serveStatic({ root: folder }));
  app.get("*", (context) => context.html(readPage(folder, values), 200, { "cache-control": "no-cache" }));
  return app;
}

/** Serves the site at `url`, an origin on this machine. Where its port is taken, the rest goes on without it. */
export async function startSite({ url, folder, log, ...values }) {
  const { hostname, port, host } = new URL(url);
  const server = createAdaptorServer({ fetch: createSite({ folder, host, ...values }).fetch });
  await new Promise((resolve) => {
    server.once("error", (error) => resolve(log(`the site is not served at ${url}: ${error.code}`)));
    server.listen(Number(port || 80), hostname, () => resolve(log(`the site is served at ${url}`)));
  });
  return { stop: () => server.close() };
}
