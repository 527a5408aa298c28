// Signed addresses: to read one object or several for a time, and to write one.
import { checkBucketName, checkKey } from "../limits.mjs";
import { findNames, findObject } from "../objects.mjs";
import * as schemas from "../schemas.mjs";
import { signDownload, signUpload } from "../tokens.mjs";
import { checkUpload, contentLengthOf, userMetadataOf } from "../uploads.mjs";

const uploadSeconds = 2 * 60 * 60; // as hosted projects
const hidden = "Either the object does not exist or you do not have access to it";

// As clients encode it themselves: unencoded, but for what would end a path.
const shown = (rawPath, segments) => decodeURI(rawPath.split("?", 1)[0].split("/").slice(segments).join("/"));

export const signingRoutes = (storage) => async (app) => {
  const { settings, asCaller } = storage;
  app.addHook("preHandler", asCaller);

  const one = { schema: { body: schemas.signOne }, config: { operation: "storage.object.sign" } };
  app.post("/sign/:bucket/*", one, async ({ session, params, body, url }) => {
    const { bucket, "*": key } = params;
    checkBucketName(bucket);
    checkKey(key);
    await session.asCaller((sql) => findObject(sql, bucket, key));
    const transformations = transformationsOf(body.transform);
    const token = await signDownload(`${bucket}/${key}`, body.expiresIn, settings, transformations && { transformations });
    return { signedURL: `/${transformations ? "render/image" : "object"}/sign/${shown(url, 3)}?token=${token}` };
  });

  const many = { schema: { body: schemas.signMany }, config: { operation: "storage.object.sign_many" } };
  app.post("/sign/:bucket", many, async ({ session, params: { bucket }, body: { paths, expiresIn } }) => {
    checkBucketName(bucket);
    const visible = await session.asCaller((sql) => findNames(sql, bucket, paths));
    const sign = async (path) => {
      if (!visible.has(path)) return { error: hidden, path, signedURL: null };
      const token = await signDownload(`${bucket}/${path}`, expiresIn, settings);
      return { error: null, path, signedURL: `/object/sign/${bucket}/${path}?token=${token}` };
    };
    return Promise.all(paths.map(sign));
  });

  app.post("/upload/sign/:bucket/*", { config: { operation: "storage.object.sign_upload_url" } }, async (request) => {
    const { session, params, headers } = request;
    const { bucket, "*": key } = params;
    checkBucketName(bucket);
    const { owner } = session.caller;
    const upsert = headers["x-upsert"] === "true";
    const metadata = { mimetype: headers["content-type"], contentLength: contentLengthOf(request) };
    const object = { bucket_id: bucket, name: key, owner, metadata, user_metadata: userMetadataOf(request) };
    await checkUpload(session, object, { upsert });
    const url = `${bucket}/${key}`;
    const token = await signUpload({ url, owner, upsert }, uploadSeconds, settings);
    return { url: `/object/upload/sign/${url}?token=${token}`, token };
  });
};

/** The transformation as a signed token carries it; undefined for none. */
function transformationsOf(transform = {}) {
  const { width, height, resize = "fill" } = transform;
  if (width === undefined && height === undefined) return undefined;
  return [height && `height:${height}`, width && `width:${width}`, `resizing_type:${resize}`].filter(Boolean).join(",");
}
