// Which keys, bucket names, types and sizes Storage takes.
import {
  entityTooLarge,
  invalidBucketName,
  invalidKey,
  invalidMimeType,
  invalidParameter,
  invalidRequest,
} from "./errors.mjs";

// What S3 calls safe, and what needs care but works.
const keyCharacters = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$/;
const bucketCharacters = /^[A-Za-z0-9_!.*'() &$=@;:+,?-]{1,100}$/;
const bucketMimeType = /^([a-zA-Z0-9\-+.]+)\/([a-zA-Z0-9\-+.]+)(;\s*charset=[a-zA-Z0-9-]+)?$|\*$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/; // RFC 9110, section 5.5
const reservedSuffix = "--iceberg";
const placeholder = ".emptyFolderPlaceholder";

const isTraversal = (segment) => segment === "." || segment === "..";

export function checkKey(key) {
  if (!keyCharacters.test(key ?? "") || key.split("/").some(isTraversal)) throw invalidKey(key ?? "");
}

export function checkBucketName(name) {
  if (!bucketCharacters.test(name ?? "")) throw invalidBucketName();
}

export function checkNewBucketName(name) {
  if (name !== name.trim() || name.endsWith(reservedSuffix)) throw invalidBucketName();
  checkBucketName(name);
}

/** The largest object of a bucket in bytes: its own limit, and never more than the project's. */
export const sizeLimit = (bucket, fileSizeLimit) => Math.min(bucket.file_size_limit ?? fileSizeLimit, fileSizeLimit);

/** Refuses what could not be sent back as a header of the object's answers. */
export function checkHeaders({ mimetype = "", cacheControl = "" }) {
  if (!headerValue.test(mimetype)) throw invalidMimeType(mimetype);
  if (!headerValue.test(cacheControl)) throw invalidParameter("cacheControl");
}

/** A folder that only exists is an empty object of this name, of any type. */
export const isPlaceholder = (key) => key.endsWith(placeholder);

/** Refuses a type that the bucket does not allow; `image/*` stands for all of a kind. */
export function checkMimeType(type, allowed) {
  const [kind, subtype] = type.split("/");
  if (subtype === undefined) throw invalidMimeType(type);
  const fits = (pattern) => pattern === `${kind}/*` || pattern === `${kind}/${subtype}`;
  if (!allowed.some(fits)) throw invalidMimeType(type);
}

export function checkBucketMimeTypes(types) {
  for (const type of types ?? []) if (type.length > 1000 || !bucketMimeType.test(type)) throw invalidMimeType(type);
}

const units = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** A bucket's limit in bytes, out of a number or of text like `20MB`; undefined and null as they are. */
export function bucketSizeLimit(given, fileSizeLimit) {
  if (given === undefined || given === null) return given;
  const bytes = typeof given === "number" ? given : parseSize(given);
  if (bytes > fileSizeLimit) throw entityTooLarge();
  return bytes;
}

function parseSize(text) {
  const match = /^(\d+(?:\.\d+)?)(gb|mb|kb|b)$/i.exec(text);
  if (!match) throw invalidRequest("Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B");
  return Number.parseFloat(match[1]) * units[match[2].toLowerCase()];
}
