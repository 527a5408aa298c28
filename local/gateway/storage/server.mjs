// Supabase Storage on this machine: its API as version 1.70.6 answers it, on the project's own database and folder.
import fastify from "fastify";
import { describe } from "../http/log.mjs";
import { anonCaller, identify, refuseWithoutKey, serviceCaller } from "./request_role.mjs";
import { Session, openDatabase } from "./database.mjs";
import { StorageError, internalError } from "./errors.mjs";
import { ObjectFiles } from "./object_files.mjs";
import { bucketRoutes } from "./routes/buckets.mjs";
import { downloadRoutes } from "./routes/downloads.mjs";
import { imageRoutes } from "./routes/images.mjs";
import { infoRoutes } from "./routes/info.mjs";
import { listRoutes } from "./routes/lists.mjs";
import { moveRoutes } from "./routes/moves.mjs";
import { removalRoutes } from "./routes/removals.mjs";
import { resumableHeaders } from "./resumable_uploads.mjs";
import { resumableRoutes } from "./routes/resumable.mjs";
import { s3Routes } from "./routes/s3.mjs";
import { signingRoutes } from "./routes/signing.mjs";
import { uploadRoutes } from "./routes/uploads.mjs";
import { keepSweeping } from "./sweep.mjs";

const prefix = "/storage/v1";
const objectRoutes = [downloadRoutes, infoRoutes, uploadRoutes, signingRoutes, listRoutes, moveRoutes, removalRoutes];

// A browser asks before it sends; resumable uploads are answered here, where it asks for no more than these headers.
const isPreflight = ({ method, headers }) => method === "OPTIONS" && "access-control-request-method" in headers;
const isResumablePreflight = ({ url, headers }) =>
  url.startsWith(`${prefix}/upload/resumable`) && listHeaders(headers).every((name) => resumableHeaders.has(name));
const listHeaders = (headers) =>
  (headers["access-control-request-headers"] ?? "").toLowerCase().split(/\s*,\s*/).filter(Boolean);

const exposed = "Content-Range,Accept-Ranges,Content-Disposition,ETag,X-Request-Id";

/** Fastify's own errors in Storage's words. */
function ofFastify(error) {
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    const message = "Invalid Content-Type header";
    return new StorageError({ status: 415, code: "InvalidMimeType", message, error: "invalid_mime_type" });
  }
  const code = error.code === "FST_ERR_CTP_BODY_TOO_LARGE" ? "EntityTooLarge" : "InvalidRequest";
  const { statusCode: status, name, message } = error;
  return new StorageError({ status, code, message, error: name, httpStatus: status });
}

function known(error) {
  if (error instanceof StorageError) return error;
  return error.statusCode >= 400 && error.statusCode < 500 ? ofFastify(error) : undefined;
}

function answerError(error, request, reply, log) {
  const { httpStatus, body } = known(error) ?? internalError();
  if (httpStatus === 500) log(`storage: ${request.method} ${request.routeOptions.url}: ${describe(error)}`);
  return reply.code(httpStatus).send(body);
}

// What gateways and missing routes answer names no character set.
const sendPlainJson = (reply, body) => reply.type("application/json").serializer(JSON.stringify).send(body);

function answerNotFound(request, reply) {
  const message = `Route ${request.method}:${request.raw.url} not found`;
  return sendPlainJson(reply.code(404), { statusCode: "404", error: "Not Found", message, code: "InvalidRequest" });
}

function createApp({ settings, sql, files, fileSizeLimit, folder, log }) {
  const app = fastify({ logger: false, rewriteUrl: (request) => request.url.slice(prefix.length) || "/" });
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler(answerNotFound);

  app.addHook("onRequest", async (request, reply) => {
    reply.header("access-control-allow-origin", "*").header("access-control-expose-headers", exposed);
    const refusal = refuseWithoutKey(request.raw, settings);
    if (refusal) return sendPlainJson(reply.code(401), refusal);
  });
  app.decorateRequest("session", null);

  const open = (request, caller) => {
    const { headers, method, url } = request;
    request.session = new Session(sql, caller, { headers, method, url, operation: request.routeOptions.config.operation });
  };
  const storage = {
    settings,
    files,
    fileSizeLimit,
    folder,
    log,
    /** A hook: the caller by their token. */
    asCaller: async (request) => {
      open(request, await identify(request, settings));
      request.isKnown = true;
    },
    /** A hook: the caller, or a visitor where the token does not verify: then `request.isKnown` is false. */
    asAnyone: async (request) => {
      const caller = await identify(request, settings).catch(() => undefined);
      request.isKnown = caller !== undefined;
      open(request, caller ?? anonCaller);
    },
    /** A hook: what needs no token, and asks no policy. */
    asService: async (request) => open(request, serviceCaller),
  };
  app.decorateRequest("isKnown", false);

  for (const routes of objectRoutes) app.register(routes(storage), { prefix: "/object" });
  app.register(bucketRoutes(storage), { prefix: "/bucket" });
  app.register(imageRoutes(storage), { prefix: "/render/image" });
  app.register(resumableRoutes(storage), { prefix: "/upload/resumable" });
  app.register(s3Routes, { prefix: "/s3" });
  app.get("/status", (_request, reply) => reply.code(200).send());
  return app;
}

/**
 * Storage below /storage/v1: `handle(request, response)` for Node's own, `stop()`. `fileSizeLimit` is the project's, in bytes;
 * `folder` is where the bytes are.
 */
export async function startStorage({ settings, fileSizeLimit, log }) {
  const sql = openDatabase(settings.databaseUrl);
  const folder = settings.storageDir;
  const files = new ObjectFiles(folder);
  const app = createApp({ settings, sql, files, fileSizeLimit, folder, log });
  await app.ready();
  const stopSweeping = keepSweeping({ sql, files, folder, log });
  return {
    handle: (request, response) => app.routing(request, response),
    leaves: (request) => isPreflight(request) && !isResumablePreflight(request),
    async stop() {
      stopSweeping();
      await app.close();
      await sql.end({ timeout: 0.5 });
    },
  };
}
