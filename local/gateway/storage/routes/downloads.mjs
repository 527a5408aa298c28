// Reading objects: by the policies, from public buckets, and by a signed address.
import { sendObject } from "../asset_response.mjs";
import { findBucket } from "../buckets.mjs";
import { noSuchBucket } from "../errors.mjs";
import { checkBucketName, checkKey } from "../limits.mjs";
import { findObject } from "../objects.mjs";
import * as schemas from "../schemas.mjs";
import { verifySignature } from "../tokens.mjs";

/** The object, as `session` may see it; in a public bucket anybody sees it. Raises: NoSuchBucket, NoSuchKey. */
export async function visibleObject({ session, isKnown = true }, bucketId, key) {
  const bucket = await session.asService((sql) => findBucket(sql, bucketId));
  if (!isKnown && !bucket.public) throw noSuchBucket();
  checkBucketName(bucketId);
  checkKey(key);
  const find = (sql) => findObject(sql, bucketId, key);
  return bucket.public ? session.asService(find) : session.asCaller(find);
}

/** The object of a public bucket. Raises: NoSuchBucket, NoSuchKey. */
export function publicObject(session, bucketId, key) {
  return session.asService(async (sql) => {
    const bucket = await findBucket(sql, bucketId);
    if (!bucket.public) throw noSuchBucket();
    return findObject(sql, bucketId, key);
  });
}

export const downloadRoutes = (storage) => async (app) => {
  const { files, settings, asCaller, asAnyone, asService } = storage;

  const sendVisible = async (request, reply) => {
    const object = await visibleObject(request, request.params.bucket, request.params["*"]);
    return sendObject(request, reply, files, object, { download: request.query.download });
  };
  const config = { operation: "object.get_authenticated" };
  const schema = { querystring: schemas.download };
  app.get("/authenticated/:bucket/*", { config, schema, exposeHeadRoute: false, preHandler: asCaller }, sendVisible);
  app.get("/:bucket/*", { config, exposeHeadRoute: false, preHandler: asAnyone }, sendVisible);

  const open = { config: { operation: "object.get_public" }, schema, exposeHeadRoute: false, preHandler: asService };
  app.get("/public/:bucket/*", open, async (request, reply) => {
    const object = await publicObject(request.session, request.params.bucket, request.params["*"]);
    return sendObject(request, reply, files, object, { download: request.query.download });
  });

  // HEAD is answered by the same route.
  const signed = {
    config: { operation: "storage.object.get_signed" },
    schema: { querystring: schemas.token },
    preHandler: asService,
  };
  app.get("/sign/:bucket/*", signed, async (request, reply) => {
    const { params, query, session } = request;
    checkBucketName(params.bucket);
    const { exp } = await verifySignature(query.token, `${params.bucket}/${params["*"]}`, "download", settings);
    const object = await session.asService((sql) => findObject(sql, params.bucket, params["*"]));
    return sendObject(request, reply, files, object, { download: query.download, expires: new Date(exp * 1000) });
  });
};
