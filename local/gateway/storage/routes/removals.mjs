// Removing objects: the row first, then its bytes; a row that the policies keep keeps its bytes.
import { accessDenied } from "../errors.mjs";
import { checkBucketName } from "../limits.mjs";
import { deleteObjects, findObject } from "../objects.mjs";
import * as schemas from "../schemas.mjs";

const batch = 500;

export const removalRoutes = (storage) => async (app) => {
  const { files, asCaller } = storage;
  app.addHook("preHandler", asCaller);

  const one = { schema: schemas.answers(schemas.message), config: { operation: "storage.object.delete" } };
  app.delete("/:bucket/*", one, async ({ session, params: { bucket, "*": key } }) => {
    checkBucketName(bucket);
    const removed = await session.asCaller(async (sql) => {
      await session.elevated(sql, () => findObject(sql, bucket, key, { lock: true }));
      const [row] = await deleteObjects(sql, bucket, [key]);
      if (!row) throw accessDenied();
      return row;
    });
    await files.remove(removed.version);
    return { message: "Successfully deleted" };
  });

  const many = {
    schema: { body: schemas.removal, ...schemas.answers({ type: "array", items: schemas.object }) },
    config: { operation: "storage.object.delete_many" },
  };
  app.delete("/:bucket", many, async ({ session, params: { bucket }, body: { prefixes } }) => {
    checkBucketName(bucket);
    const removed = [];
    for (let start = 0; start < prefixes.length; start += batch) {
      const names = prefixes.slice(start, start + batch);
      const rows = await session.asCaller((sql) => deleteObjects(sql, bucket, names));
      for (const { version } of rows) await files.remove(version);
      removed.push(...rows);
    }
    return removed;
  });
};
