// Writing objects: POST adds, PUT replaces, and a signed address takes one object without a token.
import multipart from "@fastify/multipart";
import { findBucket } from "../buckets.mjs";
import { checkBucketName } from "../limits.mjs";
import * as schemas from "../schemas.mjs";
import { verifySignature } from "../tokens.mjs";
import { upload } from "../uploads.mjs";

export const uploadRoutes = (storage) => async (app) => {
  const { settings, asCaller, asService } = storage;
  app.register(multipart, { limits: { fields: 10, files: 1 }, throwFileSizeLimit: false });
  // A file may be JSON or text itself.
  app.addContentTypeParser(["application/json", "text/plain"], (_request, _payload, done) => done(null));

  async function store(request, { owner, upsert }) {
    const { params, session } = request;
    checkBucketName(params.bucket);
    const bucket = await session.asService((sql) => findBucket(sql, params.bucket));
    const context = { session, files: storage.files, fileSizeLimit: storage.fileSizeLimit };
    return upload(request, context, { bucket, key: params["*"], owner, upsert });
  }
  const stored = (row) => ({ Id: row.id, Key: `${row.bucket_id}/${row.name}` });

  const routes = { schema: schemas.answers(schemas.uploaded), preHandler: asCaller };
  app.post("/:bucket/*", { ...routes, config: { operation: "storage.object.upload" } }, async (request) => {
    const upsert = request.headers["x-upsert"] === "true";
    return stored(await store(request, { owner: request.session.caller.owner, upsert }));
  });
  app.put("/:bucket/*", { ...routes, config: { operation: "storage.object.upload_update" } }, async (request) =>
    stored(await store(request, { owner: request.session.caller.owner, upsert: true })),
  );

  const signed = {
    schema: { querystring: schemas.token, ...schemas.answers(schemas.uploaded) },
    config: { operation: "storage.object.upload_signed" },
    preHandler: asService,
  };
  app.put("/upload/sign/:bucket/*", signed, async (request) => {
    const { params, query } = request;
    const { owner, upsert } = await verifySignature(query.token, `${params.bucket}/${params["*"]}`, "upload", settings);
    const { Key } = stored(await store(request, { owner, upsert }));
    return { Key };
  });
};
