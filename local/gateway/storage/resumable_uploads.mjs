// Resumable uploads by @tus/server, the library of Storage itself: who may, how large, and the object at the end.
import { randomUUID } from "node:crypto";
import { HEADERS_LOWERCASE, MemoryLocker, Metadata, Server } from "@tus/server";
import { findBucket } from "./buckets.mjs";
import { StorageError, invalidParameter, invalidRequest, invalidSignature } from "./errors.mjs";
import { checkHeaders, checkMimeType, sizeLimit } from "./limits.mjs";
import { lookUpObject } from "./objects.mjs";
import { ResumableStore } from "./resumable_store.mjs";
import { verifySignature } from "./tokens.mjs";
import { decodeUploadId, encodeUploadId, parseUploadId } from "./upload_id.mjs";
import { checkUpload, completeUpload, fileMetadata } from "./uploads.mjs";

const publicPath = "/storage/v1/upload/resumable";
const signedPath = /^\/upload\/resumable\/sign(\/|$|\?)/;
const allowedHeaders = ["Authorization", "X-Upsert", "Upload-Expires", "ApiKey", "x-signature"];
/** The headers that a browser may send, in lower case. */
export const resumableHeaders = new Set([...HEADERS_LOWERCASE, ...allowedHeaders.map((name) => name.toLowerCase())]);

const nodeRequest = (request) => request.runtime.node.req;
const sessionOf = (request) => nodeRequest(request).session;
const isSigned = (request) => signedPath.test(nodeRequest(request).url);

const parseJson = (text) => {
  try {
    return JSON.parse(text ?? "null") ?? undefined;
  } catch {
    return undefined;
  }
};

function idOf(request) {
  const last = nodeRequest(request).url.split("?", 1)[0].split("/").findLast(Boolean);
  return ["resumable", "sign"].includes(last) ? undefined : decodeUploadId(last);
}

function metadataOf(request) {
  try {
    return Metadata.parse(request.headers.get("upload-metadata") ?? undefined);
  } catch {
    throw invalidParameter("upload-metadata", "Invalid Upload-Metadata header");
  }
}

/** What a new upload is, by its headers; what one that is there is, by the store. */
async function describe(request, store, id) {
  if (request.method !== "POST") return store.recall(id);
  const length = request.headers.get("upload-length");
  return { metadata: metadataOf(request), size: length === null ? undefined : Number(length) };
}

/** `{ owner, upsert }` of a signed upload's token. Raises: InvalidSignature, InvalidJWT. */
async function verifyUpload(request, { bucket, key }, settings) {
  const token = request.headers.get("x-signature");
  if (!token) throw invalidSignature("Missing x-signature header");
  return verifySignature(token, `${bucket}/${key}`, "upload", settings);
}

export function createResumableServer({ settings, files, fileSizeLimit, folder }) {
  const store = new ResumableStore(folder, files);
  const running = new Map();

  /** `work` for an upload, or its run that is under way. */
  function once(id, work) {
    if (!running.has(id)) running.set(id, work().finally(() => running.delete(id)));
    return running.get(id);
  }

  async function authorize(request, id) {
    const { bucket, key } = parseUploadId(id);
    if (isSigned(request)) return verifyUpload(request, { bucket, key }, settings);
    const session = sessionOf(request);
    const granted = { owner: session.caller.owner, upsert: request.headers.get("x-upsert") === "true" };
    if (request.method === "HEAD") return granted;
    const { metadata = {}, size } = await describe(request, store, id);
    const announced = { mimetype: metadata.contentType, contentLength: size };
    const described = { metadata: announced, user_metadata: parseJson(metadata.metadata) };
    const object = { bucket_id: bucket, name: key, owner: granted.owner, ...described };
    await checkUpload(session, object, granted);
    return granted;
  }

  /** Whether the upload has become an object; one that was cut off before it was said counts too. */
  async function isFinished(request, id) {
    if ((await store.recall(id)).finished) return true;
    const { bucket, key, version } = parseUploadId(id);
    const object = await sessionOf(request).asService((sql) => lookUpObject(sql, bucket, key));
    if (object?.version !== version) return false;
    await store.finish(id);
    return true;
  }

  /** Makes the object of an upload whose bytes are all there. */
  async function complete(request, id) {
    if (await isFinished(request, id)) return;
    const { bucket, key } = parseUploadId(id);
    const { metadata, owner } = await store.recall(id);
    const { version, size, eTag } = await store.adopt(id);
    const { contentType, cacheControl } = metadata;
    const described = {
      metadata: fileMetadata({ eTag, size, mimetype: contentType || "application/octet-stream", cacheControl }),
      user_metadata: parseJson(metadata.metadata) ?? {},
    };
    await completeUpload(sessionOf(request), files, { bucket_id: bucket, name: key, owner, version, ...described });
    await store.finish(id);
  }

  return new Server({
    path: publicPath,
    datastore: store,
    locker: new MemoryLocker(),
    disableTerminationForFinishedUploads: true,
    allowedHeaders,
    getFileIdFromRequest: idOf,
    namingFunction(_request, metadata) {
      if (!metadata) throw invalidRequest("Metadata header is required");
      const id = `${metadata.bucketName ?? ""}/${metadata.objectName ?? ""}/${randomUUID()}`;
      parseUploadId(id);
      return id;
    },
    generateUrl: (request, { proto, host, path, id }) =>
      `${proto}://${host}${path}${isSigned(request) ? "/sign" : ""}/${encodeUploadId(id)}`,
    async maxSize(request, id) {
      if (!id) return fileSizeLimit;
      const bucket = await sessionOf(request).asService((sql) => findBucket(sql, parseUploadId(id).bucket));
      return sizeLimit(bucket, fileSizeLimit);
    },
    async onIncomingRequest(request, id) {
      nodeRequest(request).granted = await authorize(request, id);
      // A client that was cut off after its last byte asks how far it came, and sends no more.
      if (request.method === "HEAD" && !(await isFinished(request, id))) {
        const { offset, size } = await store.getUpload(id);
        if (offset === size) await once(id, () => complete(request, id));
      }
    },
    async onUploadCreate(request, upload) {
      const { bucket } = parseUploadId(upload.id);
      const { allowed_mime_types: allowed } = await sessionOf(request).asService((sql) => findBucket(sql, bucket));
      const { contentType, cacheControl } = upload.metadata ?? {};
      checkHeaders({ mimetype: contentType ?? "" });
      if (contentType && allowed?.length) checkMimeType(contentType, allowed);
      const caching = /^-?\d+$/.test(cacheControl ?? "") ? `max-age=${cacheControl}` : "no-cache";
      upload.owner = nodeRequest(request).granted.owner;
      return { metadata: { ...upload.metadata, cacheControl: caching } };
    },
    async onUploadFinish(request, upload) {
      await once(upload.id, () => complete(request, upload.id));
      return { headers: { "Tus-Complete": "1" } };
    },
    onResponseError: (_request, error) =>
      error instanceof StorageError ? { status_code: error.status, body: error.message } : undefined,
  });
}
