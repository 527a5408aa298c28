// REST (rest/), with the project's configuration and keys.
import { log } from "./http/log.mjs";
import { RestEndpoint } from "./rest/endpoint.ts";
import { fromConfiguration } from "./rest/settings.ts";

// PostgREST signs in as a role that may do nothing but become one of the API's.
function asAuthenticator(databaseUrl) {
  const url = new URL(databaseUrl);
  url.username = "authenticator";
  return url.href;
}

export function startRest({ databaseUrl, publishableKey, secretKey, tokenKeys }, { api = {} }) {
  return new RestEndpoint({
    databaseUrl: asAuthenticator(databaseUrl),
    api: fromConfiguration(api),
    publishableKey,
    secretKey,
    tokenKeys,
    report: log,
  });
}
