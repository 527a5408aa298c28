// /upload/resumable: TUS 1.0.0 by the caller's token, and below /sign by the token of a signed upload address.
import { createResumableServer } from "../resumable_uploads.mjs";

const operations = { POST: "create", PATCH: "part", HEAD: "get", DELETE: "delete" };

export const resumableRoutes = (storage) => async (app) => {
  const { asCaller, asService } = storage;
  const tus = createResumableServer(storage);

  const handle = async (request, reply) => {
    reply.hijack();
    request.raw.session = request.session;
    await tus.handle(request.raw, reply.raw);
  };
  const serve = (base, preHandler, suffix = "") => {
    for (const [method, name] of Object.entries(operations)) {
      const config = { operation: `storage.tus.upload.${name}${suffix}` };
      const urls = method === "POST" ? [base || "/", `${base}/*`] : [`${base}/*`];
      for (const url of urls) app.route({ method, url, config, preHandler, handler: handle });
    }
    for (const url of [base || "/", `${base}/*`]) app.options(url, handle);
  };
  serve("", asCaller);
  serve("/sign", asService, "_signed");
};
