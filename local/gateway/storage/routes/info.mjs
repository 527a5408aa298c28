// What is known of an object: HEAD, and /object/info as JSON.
import { sendHead, sendInfo } from "../asset_response.mjs";
import { publicObject, visibleObject } from "./downloads.mjs";

export const infoRoutes = (storage) => async (app) => {
  const { asCaller, asAnyone, asService } = storage;
  const visible = (request) => visibleObject(request, request.params.bucket, request.params["*"]);
  const open = (request) => publicObject(request.session, request.params.bucket, request.params["*"]);
  const head = (find) => async (request, reply) => sendHead(reply, await find(request));
  const info = (find) => async (request, reply) => sendInfo(reply, await find(request));

  const heads = { config: { operation: "object.head_authenticated_info" } };
  app.head("/authenticated/:bucket/*", { ...heads, preHandler: asCaller }, head(visible));
  app.head("/:bucket/*", { ...heads, preHandler: asAnyone }, head(visible));

  const infos = { config: { operation: "object.get_authenticated_info" }, exposeHeadRoute: false };
  app.get("/info/authenticated/:bucket/*", { ...infos, preHandler: asCaller }, info(visible));
  app.get("/info/:bucket/*", { ...infos, preHandler: asAnyone }, info(visible));

  const publics = { config: { operation: "storage.object.info_public" }, preHandler: asService };
  app.head("/public/:bucket/*", publics, head(open));
  app.get("/info/public/:bucket/*", { ...publics, exposeHeadRoute: false }, info(open));
};
