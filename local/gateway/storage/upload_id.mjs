// The id of a resumable upload: `<bucket>/<name>/<version>`, in addresses as base64url.
import { invalidUploadId } from "./errors.mjs";
import { checkBucketName, checkKey } from "./limits.mjs";

const version = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `{ bucket, key, version }` of an id. Raises: InvalidUploadId, InvalidBucketName, InvalidKey. */
export function parseUploadId(id) {
  const parts = id.split("/");
  const found = { bucket: parts[0], key: parts.slice(1, -1).join("/"), version: parts.at(-1) };
  if (parts.length < 3 || !version.test(found.version)) throw invalidUploadId();
  checkBucketName(found.bucket);
  checkKey(found.key);
  return found;
}

export const encodeUploadId = (id) => Buffer.from(id).toString("base64url");
export const decodeUploadId = (text) => Buffer.from(text, "base64url").toString();
