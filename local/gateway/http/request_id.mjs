import { randomUUID } from "node:crypto";

// As in functions/showcase/http.py and the forwarders: one request has one id everywhere.
const wellFormed = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's id for this request where it is a plain word, else a new one. */
export function readRequestId(request) {
  const given = request.headers["x-request-id"] ?? "";
  return wellFormed.test(given) ? given : randomUUID();
}
