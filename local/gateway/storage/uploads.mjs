// An upload from its request to its row: who may is asked first, then come the bytes, and last the row that names them.
import { entityTooLarge, internalError, invalidRequest } from "./errors.mjs";
import { checkHeaders, checkKey, checkMimeType, isPlaceholder, sizeLimit } from "./limits.mjs";
import { createObject, lockName, lookUpObject, upsertObject } from "./objects.mjs";

const maxUserMetadata = 1024 * 1024; // bytes
const maxKeyBytes = 1024; // as S3, which hosted Storage keeps files in

const parseJson = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What the caller says of the file in `x-metadata`: base64 of JSON. */
export const userMetadataOf = (request) =>
  request.headers["x-metadata"] === undefined
    ? undefined
    : parseJson(Buffer.from(request.headers["x-metadata"], "base64").toString());

/** The Content-Length in bytes; undefined where the body comes in chunks of unknown number. */
export function contentLengthOf(request) {
  const length = Number(request.headers["content-length"]);
  return Number.isFinite(length) && length >= 0 ? length : undefined;
}

async function fromForm(request, limit) {
  const form = await request.file({ limits: { fileSize: limit } }).catch(() => undefined);
  if (!form) throw invalidRequest("No content provided");
  const field = (name) => form.fields[name]?.value;
  const described = field("metadata") ?? field("userMetadata");
  if (Buffer.byteLength(described ?? "") > maxUserMetadata) throw entityTooLarge("user_metadata");
  return {
    body: form.file,
    mimetype: field("contentType") || form.mimetype,
    cacheControl: field("cacheControl") ? `max-age=${field("cacheControl")}` : "no-cache",
    userMetadata: described === undefined ? undefined : parseJson(described),
    isTooLarge: () => form.file.truncated,
  };
}

function fromBody(request, limit) {
  if ((contentLengthOf(request) ?? 0) > limit) throw entityTooLarge();
  return {
    body: request.raw,
    mimetype: request.headers["content-type"] || "application/octet-stream",
    cacheControl: request.headers["cache-control"] ?? "no-cache",
    userMetadata: userMetadataOf(request),
    isTooLarge: () => false,
  };
}

/**
 * The file in a request: raw, or the file of a form. A raw body without Content-Length has no limit, as in Storage itself:
 * policies see its missing length in `metadata`.
 */
async function fileOf(request, bucket, key, fileSizeLimit) {
  const limit = isPlaceholder(key) ? 0 : sizeLimit(bucket, fileSizeLimit);
  const isForm = request.headers["content-type"]?.startsWith("multipart/form-data");
  const file = await (isForm ? fromForm(request, limit) : fromBody(request, limit));
  checkHeaders(file);
  if (bucket.allowed_mime_types?.length && !isPlaceholder(key)) checkMimeType(file.mimetype, bucket.allowed_mime_types);
  return file;
}

/** Throws what the policies say to the caller's writing this object; `metadata` is what is known of the file before. */
export function checkUpload(session, object, { upsert }) {
  return session.test((sql) => (upsert ? upsertObject : createObject)(sql, { version: "1", ...object }));
}

/** Puts the row in place for bytes that are there; the bytes of an older version go. Gives the row. */
export async function completeUpload(session, files, object) {
  let older;
  try {
    const row = await session.asService(async (sql) => {
      await lockName(sql, object.bucket_id, object.name);
      older = await lookUpObject(sql, object.bucket_id, object.name, { lock: true });
      return upsertObject(sql, object);
    });
    if (older && older.version !== object.version) await files.remove(older.version);
    return row;
  } catch (error) {
    await files.remove(object.version);
    throw error;
  }
}

/** What a row says of its file, `lastModified` in milliseconds. */
export const fileMetadata = ({ eTag, size, mimetype, cacheControl }) => ({
  eTag,
  size,
  mimetype,
  cacheControl,
  lastModified: new Date().toISOString(),
  contentLength: size,
  httpStatusCode: 200,
});

/** Stores the request's file as `key` of `bucket`, a row of storage.buckets; gives the object's row. */
export async function upload(request, { session, files, fileSizeLimit }, { bucket, key, owner, upsert }) {
  const file = await fileOf(request, bucket, key, fileSizeLimit);
  try {
    return await store(request, { session, files }, { file, bucket, key, owner, upsert });
  } finally {
    file.body.resume(); // what was refused is still on its way
  }
}

async function store(request, { session, files }, { file, bucket, key, owner, upsert }) {
  checkKey(key);
  const object = { bucket_id: bucket.id, name: key, owner };
  const announced = { mimetype: file.mimetype, contentLength: contentLengthOf(request) };
  await checkUpload(session, { ...object, metadata: announced, user_metadata: file.userMetadata }, { upsert });
  if (Buffer.byteLength(key) > maxKeyBytes) throw internalError();

  const { version, size, eTag } = await files.write(file.body);
  if (file.isTooLarge()) {
    await files.remove(version);
    throw entityTooLarge();
  }
  const metadata = fileMetadata({ eTag, size, mimetype: file.mimetype, cacheControl: file.cacheControl });
  return completeUpload(session, files, { ...object, version, metadata, user_metadata: { ...file.userMetadata } });
}
