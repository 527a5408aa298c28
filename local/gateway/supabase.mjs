// Auth and GraphQL: Supabase Lite and PostGraphile in this process, on a real Postgres, answering as a hosted
// project does.
import { App } from "@supabase/lite";
import { withCors } from "./cors.mjs";
import { connect } from "./database.mjs";
import { isUnreachable } from "./database_errors.mjs";
import { fetchWithLocalGoogle, towardsLocalGoogle } from "./google.mjs";
import { isGraphql, lazyGraphql } from "./graphql.mjs";
import { tokenReader } from "./rest/auth/jwt.ts";
import { refuseOtherSignIns } from "./sign_in_methods.mjs";
import { withLeeway } from "./token_leeway.mjs";

// Only what Supabase Lite knows of the Supabase CLI's configuration; the keys come from the environment, never from the file.
function liteConfiguration(file, settings) {
  const { api = {}, auth = {} } = file;
  return {
    api: {
      enabled: true,
      // graphql_public, where pg_graphql answers on a hosted project, is graphql.mjs here.
      schemas: (api.schemas ?? ["public"]).filter((schema) => schema !== "graphql_public"),
      max_rows: api.max_rows ?? 1000,
      external_url: "", // Google sends people back to the address by which they came
      anonymous_enabled: false, // a visitor has the publishable key; a token that is none is refused
    },
    auth: {
      enabled: true,
      site_url: settings.siteUrl,
      additional_redirect_urls: auth.additional_redirect_urls ?? [],
      jwt_expiry: auth.jwt_expiry ?? 3600,
      jwt_secret: settings.jwtSecret,
      publishable_key: settings.publishableKey,
      secret_key: settings.secretKey,
      enable_signup: auth.enable_signup ?? true,
      enable_anonymous_sign_ins: false,
      email: { enable_signup: false, enable_confirmations: true },
      external: { google: { enabled: auth.external?.google?.enabled ?? false, client_id: "local", secret: "local" } },
    },
    storage: { enabled: false },
    studio: { enabled: false },
  };
}

function createApp(settings, configuration, connection) {
  const app = new App({
    ...liteConfiguration(configuration, settings),
    connection,
    options: { server: { admin: false, disableStudio: true } },
  });
  return app.init();
}

const settlingMs = 5000;

const away = () => {
  const body = { code: 503, error_code: "unexpected_failure", msg: "The database does not answer right now." };
  return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
};

export async function startSupabase(settings, configuration) {
  globalThis.fetch = fetchWithLocalGoogle(globalThis.fetch, settings.identityProviderUrl);
  const connection = connect(settings.databaseUrl);
  const app = await createApp(settings, configuration, connection);
  const graphql = lazyGraphql(settings);
  const readToken = tokenReader(settings.jwtSecret);
  // The peer is nobody, so that no request is ever taken for an administrator's.
  const forward = (request) => app.fetch(withLeeway(request, readToken, settings.jwtSecret), { peerAddress: null });

  // Supabase Lite calls a database that went away an internal error, more often than not; and while connections are made
  // anew, what fails may have begun after the loss.
  async function patiently(request, ask) {
    const began = Date.now();
    const response = await ask(request).catch((error) => error);
    const failed = response instanceof Error || response.status === 500;
    if (failed && (isUnreachable(response) || (await connection.isLostSince(began - settlingMs)))) {
      await response.body?.cancel();
      return away();
    }
    if (response instanceof Error) throw response;
    return response;
  }

  async function answer(request) {
    if (isGraphql(new URL(request.url))) return graphql.fetch(request);
    const refusal = await refuseOtherSignIns(request.clone());
    return refusal ?? towardsLocalGoogle(await forward(request), settings.identityProviderUrl);
  }

  return {
    async fetch(request) {
      return withCors(await patiently(request, answer));
    },
    /** Whether the database answers. */
    isReady: () => connection.driver`select 1`.then(() => true, () => false),
    /** After a change of the schema. */
    reload: () => graphql.reload(),
    async stop() {
      await Promise.all([connection.close(), graphql.stop()]);
    },
  };
}
