// Any web page may call Auth, REST and Storage, as on hosted Supabase: what protects data is who signs the request.

const methods = "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS";
const exposed = "Content-Range,Content-Location,Location,Preference-Applied,X-Request-Id,X-Sb-Error-Code";

export const isPreflight = ({ method, headers }) =>
  method === "OPTIONS" && headers.origin !== undefined && headers["access-control-request-method"] !== undefined;

export function answerPreflight(request, response) {
  response.writeHead(204, {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": methods,
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*",
    "access-control-max-age": "3600",
    vary: "Access-Control-Request-Headers",
  });
  response.end();
}

/** On a response of Node's HTTP server, before it is written. */
export function allowAnyOrigin(response) {
  response.setHeader("access-control-allow-origin", "*");
  response.setHeader("access-control-expose-headers", exposed);
}
