// Content negotiation: the first media type of Accept that can be had, and how the body is made for it.
import { mediaTypesUnavailable } from "../errors/request_errors.ts";
import type { ApiRequest } from "../request/api_request.ts";
import { type MediaType, nameOf } from "../request/media_types.ts";
import type { BodyFormat } from "./types.ts";

export interface Negotiated {
  format: BodyFormat;
  mediaType: MediaType;
}

function match(type: MediaType): Negotiated | null {
  switch (type.kind) {
    case "object":
      return { format: type.stripped ? "object-stripped" : "object", mediaType: type };
    case "array-stripped":
      return { format: "array-stripped", mediaType: type };
    case "any":
    case "json":
      return { format: "array", mediaType: { kind: "json" } };
    case "csv":
    case "geojson":
      return { format: type.kind, mediaType: type };
  }
  return null; // plans are off, as on a hosted project
}

/** Throws PGRST107. */
export function negotiate({ action, accepts, preferences }: ApiRequest): Negotiated {
  const found = accepts.map(match).find((one) => one !== null);
  if (!found) throw mediaTypesUnavailable(accepts.map(nameOf));
  const hasBody = action.kind === "mutate"
    ? preferences.return === "representation"
    : !(action.kind === "read" && action.headersOnly) && !(action.kind === "call" && action.method === "head");
  return hasBody ? found : { ...found, format: "none" };
}
