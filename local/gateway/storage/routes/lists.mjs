// Listings: what the caller may see of a bucket.
import { checkBucketName } from "../limits.mjs";
import { listEntries, listKeys } from "../listing.mjs";
import * as schemas from "../schemas.mjs";

export const listRoutes = (storage) => async (app) => {
  app.addHook("preHandler", storage.asCaller);

  const entries = {
    schema: { body: schemas.list, ...schemas.answers({ type: "array", items: schemas.object }) },
    config: { operation: "storage.object.list" },
  };
  app.post("/list/:bucket", entries, ({ session, params: { bucket }, body: { sortBy = {}, ...asked } }) => {
    checkBucketName(bucket);
    return session.asCaller((sql) => listEntries(sql, bucket, { ...asked, ...sortBy }));
  });

  const keys = { schema: { body: schemas.listKeys }, config: { operation: "storage.object.list_v2" } };
  app.post("/list-v2/:bucket", keys, ({ session, params: { bucket }, body }) => {
    checkBucketName(bucket);
    const { with_delimiter: delimited, ...asked } = body ?? {};
    return session.asCaller((sql) => listKeys(sql, bucket, { ...asked, delimited }));
  });
};
