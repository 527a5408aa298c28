// /rest/v1 answered by a PostgREST of one's own behind the gateway, with the caller's API key as a token of its role.
import { createProxy } from "./functions_proxy.mjs";
import { keyTranslation } from "../tokens/role_tokens.mjs";

const prefix = "/rest/v1";
const timeoutMs = 150_000;

/** A request listener for everything below /rest/v1. */
export function createPostgrestProxy(settings) {
  const keys = [settings.publishableKey, settings.secretKey];
  const headers = keyTranslation(settings);
  const rewrite = (request) => ({ path: request.url.slice(prefix.length) || "/", headers: headers(request) });
  const proxy = createProxy(settings.restUrl, timeoutMs, rewrite);

  return function answer(request, response, requestId) {
    const { apikey } = request.headers;
    if (keys.includes(apikey) || request.method === "OPTIONS") return proxy(request, response, requestId);
    const message = apikey ? "Invalid API key" : "No API key found in request";
    response.writeHead(401, { "content-type": "application/json", "access-control-allow-origin": "*" });
    return response.end(JSON.stringify({ message }));
  };
}
