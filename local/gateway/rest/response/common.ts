// What answers of every kind share: the range, the media type, the preferences that were applied, what functions have set.
import type { Negotiated } from "../plan/negotiate.ts";
import type { ApiRequest } from "../request/api_request.ts";
import { contentTypeOf } from "../request/media_types.ts";
import { appliedHeader, type Preferences } from "../request/preferences.ts";
import type { ResultRow } from "../sql/statement.ts";
import { type HeaderPair, readGucHeaders, readGucStatus } from "./guc_headers.ts";

export interface RestResponse {
  status: number;
  /** Names in lower case; one name may come more than once. */
  headers: readonly HeaderPair[];
  body: string;
}

export type Headers = readonly (HeaderPair | false | undefined)[];

const present = (headers: Headers): HeaderPair[] => headers.filter((header): header is HeaderPair => Boolean(header));

export function contentRange(lower: bigint, upper: bigint, total: string | null): HeaderPair {
  const range = total !== "0" && lower <= upper ? `${lower}-${upper}` : "*";
  return ["content-range", `${range}/${total ?? "*"}`];
}

export const contentType = ({ mediaType }: Negotiated, { isSchemaNegotiated, schema }: ApiRequest): Headers => [
  ["content-type", contentTypeOf(mediaType)],
  isSchemaNegotiated && ["content-profile", schema],
];

export const applied = (preferences: Omit<Preferences, "invalid">): HeaderPair | undefined => {
  const header = appliedHeader(preferences);
  return header === undefined ? undefined : ["preference-applied", header];
};

/** What functions have set comes over what is usual. Throws PGRST111, PGRST112. */
export function overridden(
  status: number,
  usual: Headers,
  body: string,
  [, , , , gucHeaders, gucStatus]: ResultRow,
): RestResponse {
  const chosen = readGucHeaders(gucHeaders);
  const names = new Set(chosen.map(([name]) => name));
  return {
    status: readGucStatus(gucStatus) ?? status,
    headers: [...present(usual).filter(([name]) => !names.has(name)), ...chosen],
    body,
  };
}
