// Supabase Auth on this machine: its API as version 2.196 answers it, on the project's own database, with the local OpenID
// provider in Google's place.
import fastify from "fastify";
import { describe } from "../http/log.mjs";
import { refuseWithoutKey } from "./request_role.mjs";
import { authConfiguration } from "./configuration.mjs";
import { isUnreachable, openDatabase } from "./database.mjs";
import { AuthError, answerOf } from "./errors.mjs";
import { Google } from "./google.mjs";
import { adminUserRoutes } from "./routes/admin_users.mjs";
import { adminRoutes } from "./routes/admin.mjs";
import { closedRoutes } from "./routes/closed.mjs";
import { factorRoutes } from "./routes/factors.mjs";
import { projectRoutes } from "./routes/project.mjs";
import { signInRoutes } from "./routes/sign_in.mjs";
import { tokenRoutes } from "./routes/token.mjs";
import { userRoutes } from "./routes/user.mjs";
import { verifyRoutes } from "./routes/verify.mjs";

const prefix = "/auth/v1";
const bodyLimit = 1024 * 1024;
const exposed = "X-Total-Count,Link,X-Supabase-Api-Version,X-Sb-Error-Code,X-Request-Id";
const routes = [projectRoutes, signInRoutes, tokenRoutes, userRoutes, factorRoutes, verifyRoutes, adminRoutes, adminUserRoutes, closedRoutes];

// Text that Postgres cannot store: a NUL, or half of a surrogate pair.
const unstorable = new Set(["22021", "22P05"]);

/** Errors of Fastify and of the body in Auth's words. */
function known(error) {
  if (unstorable.has(error.code) || unstorable.has(error.cause?.code)) {
    return new AuthError(400, "bad_json", "Could not parse request body as JSON: it holds a character that cannot be stored");
  }
  if (error.code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new AuthError(413, "request_entity_too_large", `Request body too large (max ${bodyLimit} bytes)`);
  }
  return error.statusCode >= 400 && error.statusCode < 500 ? new AuthError(error.statusCode, undefined, error.message) : error;
}

const away = { code: 503, error_code: "unexpected_failure", msg: "The database does not answer right now." };

function answerError(error, request, reply, log) {
  if (isUnreachable(error)) return reply.code(503).header("retry-after", "1").send(away);
  const { status, body, headers } = answerOf(known(error), request.headers, reply.raw.getHeader("x-request-id"));
  if (status >= 500) log(`auth: ${request.method} ${request.routeOptions.url}: ${describe(error.cause ?? error)}`);
  return reply.code(status).headers(headers).send(body);
}

function createApp(auth) {
  const app = fastify({ logger: false, bodyLimit, rewriteUrl: ({ url }) => url.slice(prefix.length) || "/" });
  app.removeAllContentTypeParsers();
  // Auth reads every body as JSON, whatever it is called.
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, auth.log));
  app.setNotFoundHandler((request, reply) => answerError(new AuthError(404, undefined, "404 page not found"), request, reply, auth.log));
  app.addHook("onRequest", async (request, reply) => {
    reply.header("access-control-allow-origin", "*").header("access-control-expose-headers", exposed);
    const refusal = refuseWithoutKey(request.raw, auth.settings);
    if (refusal) return reply.code(401).send(refusal);
  });
  for (const route of routes) app.register(route(auth));
  return app;
}

/** Auth below /auth/v1: `handle(request, response)` for Node's own, `isReady()`, `stop()`. */
export async function startAuth({ settings, configuration: file, log }) {
  const configuration = authConfiguration(file, settings);
  const sql = openDatabase(settings.databaseUrl);
  const google = new Google(settings.identityProviderUrl, configuration.issuer);
  const app = createApp({ settings, configuration, sql, google, log });
  await app.ready();
  return {
    handle: (request, response) => app.routing(request, response),
    /** Whether the database answers. */
    isReady: () => sql`select 1`.then(() => true, () => false),
    async stop() {
      await app.close();
      await sql.end({ timeout: 0.5 });
    },
  };
}
