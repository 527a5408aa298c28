import { randomUUID } from "node:crypto";

const wellFormed = /^[\w.:@/+=-]{1,128}$/;

/** The caller's id for this request where it is a plain word, else a new one. */
export function readRequestId(request) {
  const given = request.headers["x-request-id"] ?? "";
  return wellFormed.test(given) ? given : randomUUID();
}
