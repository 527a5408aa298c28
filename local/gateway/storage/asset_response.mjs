// An object's answer: its headers, conditional requests (RFC 9110, section 13) and one range of bytes (section 14).
import { bytesNotFound, invalidRange } from "./errors.mjs";

const isWeaklySame = (left, right) => left.replace(/^W\//, "") === right.replace(/^W\//, "");

/** Whether the client has this version already. */
function isFresh(headers, { eTag, lastModified }) {
  const known = headers["if-none-match"];
  if (known !== undefined) {
    return known.trim() === "*" || known.split(",").some((tag) => isWeaklySame(tag.trim(), eTag ?? ""));
  }
  const since = Date.parse(headers["if-modified-since"] ?? "");
  return Math.floor(Date.parse(lastModified) / 1000) * 1000 <= since;
}

/** `{ start, end }` of a Range header, both inclusive. Raises: InvalidRange, also for several ranges. */
export function parseRange(header, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (first === undefined || (first === "" && last === "")) throw invalidRange();
  const start = first === "" ? Math.max(size - Number(last), 0) : Number(first);
  const end = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (!Number.isSafeInteger(start) || start > end || start >= size) throw invalidRange();
  return { start, end };
}

function disposition(download) {
  if (download === undefined) return undefined;
  if (download === "") return "attachment;";
  const name = encodeURIComponent(download);
  return `attachment; filename=${name}; filename*=UTF-8''${name}`;
}

// A page must never run as the project's own.
const contentType = (mimetype) => (mimetype?.includes("text/html") ? "text/plain" : mimetype);

/** The headers of an object by its row; `expires` (a date) takes the place of its cache-control. */
function setHeaders(reply, { metadata }, { download, expires }) {
  const { mimetype, eTag, lastModified, cacheControl } = metadata ?? {};
  const headers = {
    "accept-ranges": "bytes",
    "content-type": contentType(mimetype ?? "application/octet-stream"),
    etag: eTag,
    "last-modified": lastModified && new Date(lastModified).toUTCString(),
    "cache-control": expires ? undefined : (cacheControl ?? "no-cache"),
    expires: expires?.toUTCString(),
    "content-disposition": disposition(download),
    "x-robots-tag": "none",
  };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.header(name, value);
}

/** Answers with the object's bytes. Raises: NoSuchKey where they are lost, InvalidRange. */
export async function sendObject(request, reply, files, object, options = {}) {
  const size = await files.size(object.version);
  if (size === undefined) {
    reply.header("cache-control", "no-store");
    throw bytesNotFound();
  }
  const isHead = request.method === "HEAD";
  if (isFresh(request.headers, object.metadata ?? {})) {
    setHeaders(reply, object, options);
    return reply.code(304).header("content-length", 0).send();
  }
  const { range } = request.headers;
  const { start, end } = range === undefined ? { start: 0, end: size - 1 } : parseRange(range, size);
  setHeaders(reply, object, options);
  if (range !== undefined) reply.code(206).header("content-range", `bytes ${start}-${end}/${size}`);
  reply.header("content-length", end - start + 1);
  return isHead || size === 0 ? reply.send("") : reply.send(files.read(object.version, { start, end }));
}

/** Answers HEAD by what the row says. */
export function sendHead(reply, object) {
  setHeaders(reply, object, {});
  reply.header("content-length", object.metadata?.contentLength ?? object.metadata?.size ?? 0);
  return reply.send();
}

/** Answers with what the row says, as JSON. */
export function sendInfo(reply, object) {
  const { size, mimetype, cacheControl, eTag, lastModified } = object.metadata ?? {};
  if (eTag) reply.header("etag", eTag);
  if (lastModified) reply.header("last-modified", new Date(lastModified).toUTCString());
  if (cacheControl) reply.header("cache-control", cacheControl);
  return reply.send({
    id: object.id,
    name: object.name,
    version: object.version,
    bucket_id: object.bucket_id,
    size: size ?? null,
    content_type: mimetype ?? null,
    cache_control: cacheControl ?? null,
    etag: eTag ?? null,
    metadata: object.user_metadata,
    last_modified: object.updated_at,
    created_at: object.created_at,
  });
}
