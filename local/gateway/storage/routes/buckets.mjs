// /bucket: who may see and change buckets is for the policies on storage.buckets.
import * as buckets from "../buckets.mjs";
import { accessDenied, bucketNotEmpty, invalidRequest } from "../errors.mjs";
import { bucketSizeLimit, checkBucketMimeTypes, checkBucketName, checkNewBucketName } from "../limits.mjs";
import { deleteAllObjects } from "../objects.mjs";
import * as schemas from "../schemas.mjs";

const message = (text) => ({ message: text });

// Clients send `content-type: application/json` with nothing behind it.
function acceptEmptyJson(app) {
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) =>
    body ? parse(request, body, done) : done(null, null),
  );
}

function rowOf({ public: isPublic, file_size_limit: size, allowed_mime_types: types }, fileSizeLimit) {
  checkBucketMimeTypes(types);
  return {
    public: isPublic,
    file_size_limit: bucketSizeLimit(size, fileSizeLimit),
    allowed_mime_types: types?.filter(Boolean) ?? types,
  };
}

export const bucketRoutes = (storage) => async (app) => {
  const { files, fileSizeLimit, asCaller } = storage;
  app.addHook("preHandler", asCaller);

  const listing = { querystring: schemas.listBuckets, ...schemas.answers({ type: "array", items: schemas.bucket }) };
  app.get("/", { schema: listing, config: { operation: "storage.bucket.list" } }, ({ session, query }) =>
    session.asCaller((sql) => buckets.listBuckets(sql, query)),
  );

  const one = { schema: schemas.answers(schemas.bucket), config: { operation: "storage.bucket.get" } };
  app.get("/:id", one, ({ session, params }) =>
    session.asCaller((sql) => buckets.findBucket(sql, params.id)),
  );

  const creation = { schema: { body: schemas.createBucket }, config: { operation: "storage.bucket.create" } };
  app.post("/", creation, async ({ session, body }) => {
    const { name, id = name, type } = body;
    checkNewBucketName(name);
    checkBucketName(id);
    if (type === "ANALYTICS") throw invalidRequest("Analytics buckets are not served here");
    const row = { public: false, ...rowOf(body, fileSizeLimit), id, name, owner: session.caller.owner };
    await session.asCaller((sql) => buckets.createBucket(sql, row));
    return { name };
  });

  const change = { schema: { body: schemas.updateBucket }, config: { operation: "storage.bucket.update" } };
  app.put("/:id", change, async ({ session, params, body }) => {
    checkBucketName(params.id);
    await session.asCaller((sql) => buckets.updateBucket(sql, params.id, rowOf(body, fileSizeLimit)));
    return message("Successfully updated");
  });

  app.register(async (bodyless) => {
    acceptEmptyJson(bodyless);

    bodyless.delete("/:id", { config: { operation: "storage.bucket.delete" } }, async ({ session, params }) => {
      await session.asCaller(async (sql) => {
        await session.elevated(sql, async () => {
          await buckets.findBucket(sql, params.id, { lock: true });
          if (!(await buckets.isEmpty(sql, params.id))) throw bucketNotEmpty();
        });
        await buckets.deleteBucket(sql, params.id);
      });
      return message("Successfully deleted");
    });

    bodyless.post("/:id/empty", { config: { operation: "storage.bucket.empty" } }, async ({ session, params }) => {
      if (session.caller.role !== "service_role") throw accessDenied("Access denied: Invalid role", 403);
      const removed = await session.asCaller(async (sql) => {
        await buckets.findBucket(sql, params.id);
        return deleteAllObjects(sql, params.id, new Date());
      });
      for (const { version } of removed) await files.remove(version);
      return message("Empty bucket has been queued. Completion may take up to an hour.");
    });
  });
};
