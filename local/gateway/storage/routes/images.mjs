// Transformed images: no image service runs here, so that after the policies the answer is Storage's for one that is away.
import { internalError } from "../errors.mjs";
import { findObject } from "../objects.mjs";
import * as schemas from "../schemas.mjs";
import { verifySignature } from "../tokens.mjs";
import { publicObject } from "./downloads.mjs";

const unreachable = () => internalError("fetch failed", "InternalError");

export const imageRoutes = (storage) => async (app) => {
  const { settings, asCaller, asService } = storage;

  const own = { preHandler: asCaller, config: { operation: "storage.render.image_authenticated" } };
  app.get("/authenticated/:bucket/*", own, async ({ session, params }) => {
    await session.asCaller((sql) => findObject(sql, params.bucket, params["*"]));
    throw unreachable();
  });

  const open = { preHandler: asService, config: { operation: "storage.render.image_public" } };
  app.get("/public/:bucket/*", open, async ({ session, params }) => {
    await publicObject(session, params.bucket, params["*"]);
    throw unreachable();
  });

  const config = { operation: "storage.render.image_sign" };
  const signed = { preHandler: asService, schema: { querystring: schemas.token }, config };
  app.get("/sign/:bucket/*", signed, async ({ session, params, query }) => {
    await verifySignature(query.token, `${params.bucket}/${params["*"]}`, "download", settings);
    await session.asService((sql) => findObject(sql, params.bucket, params["*"]));
    throw unreachable();
  });
};
