// Copy and move: the caller must see the source and may write the destination.
import { noSuchKey } from "../errors.mjs";
import { checkBucketName, checkKey } from "../limits.mjs";
import { findObject, lockName, updateObject } from "../objects.mjs";
import * as schemas from "../schemas.mjs";
import { checkUpload, completeUpload, userMetadataOf } from "../uploads.mjs";

export const moveRoutes = (storage) => async (app) => {
  const { files, asCaller } = storage;
  app.addHook("preHandler", asCaller);

  /** A new version with the source's bytes. Raises: NoSuchKey where they are lost. */
  const copyBytes = (version) =>
    files.copy(version).catch((error) => {
      throw error.code === "ENOENT" ? noSuchKey() : error;
    });

  const copying = {
    schema: { body: schemas.copy, ...schemas.answers(schemas.copied) },
    config: { operation: "storage.object.copy" },
  };
  app.post("/copy", copying, async (request) => {
    const { session, body, headers } = request;
    const { bucketId, sourceKey, destinationBucket: bucket = bucketId, destinationKey: key } = body;
    const { copyMetadata = true, metadata = {} } = body;
    checkBucketName(bucketId);
    checkKey(key);
    const source = await session.asCaller((sql) => findObject(sql, bucketId, sourceKey));
    const described = { ...source.metadata, ...(copyMetadata ? {} : metadata) };
    const userMetadata = copyMetadata ? source.user_metadata : userMetadataOf(request);
    const { owner } = session.caller;
    const object = { bucket_id: bucket, name: key, owner, metadata: described, user_metadata: userMetadata };
    await checkUpload(session, object, { upsert: headers["x-upsert"] === "true" });

    const version = await copyBytes(source.version);
    const stored = { ...object, version, metadata: { ...described, lastModified: new Date().toISOString() } };
    const row = await completeUpload(session, files, stored);
    return { Id: row.id, Key: `${bucket}/${key}`, ...row };
  });

  const moving = {
    schema: { body: schemas.move, ...schemas.answers(schemas.message) },
    config: { operation: "storage.object.move" },
  };
  app.post("/move", moving, async ({ session, body }) => {
    const { bucketId, sourceKey, destinationBucket: bucket = bucketId, destinationKey: key } = body;
    checkBucketName(bucketId);
    checkKey(key);
    const destination = { bucket_id: bucket, name: key, owner: session.caller.owner };
    await session.test(async (sql) => {
      await findObject(sql, bucketId, sourceKey);
      await updateObject(sql, bucketId, sourceKey, destination);
    });
    if (bucket === bucketId && key === sourceKey) return { message: "Successfully moved" };
    await session.asService(async (sql) => {
      await lockName(sql, bucket, key);
      await updateObject(sql, bucketId, sourceKey, destination);
    });
    return { message: "Successfully moved" };
  });
};
