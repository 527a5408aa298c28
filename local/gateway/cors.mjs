// Any web page may call Auth, REST and Storage, as on hosted Supabase: what protects data is who signs the request.

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS";
const exposed = "Content-Range,Content-Location,Location,Preference-Applied,X-Request-Id,X-Sb-Error-Code";

export const isPreflight = (request) =>
  request.method === "OPTIONS" && request.headers.has("origin") && request.headers.has("access-control-request-method");

export function answerPreflight(request) {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": methods,
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
      vary: "Access-Control-Request-Headers",
    },
  });
}

export function withCors(response) {
  const headers = new Headers(response.headers);
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", exposed);
  headers.delete("access-control-allow-credentials");
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
