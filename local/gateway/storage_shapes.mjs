// Storage requests and answers in the shapes that hosted Storage has and the client libraries count on, where Supabase Lite's
// differ: multipart uploads, signed URLs, listings by folder.

import { invalidKey, isValidKey, keyOf, withPlainPath } from "./object_keys.mjs";
import { Turns } from "./turns.mjs";

const prefix = "/storage/v1";
const beforeKey = /^\/storage\/v1\/object\/(upload\/sign\/)?[^/]+\//;
const upload = /^\/storage\/v1\/object\/(?!list\/|sign\/|move$|copy$|info\/|public\/)[^/]+\/.+/;
const signOne = /^\/storage\/v1\/object\/sign\/[^/]+\/.+/;
const signMany = /^\/storage\/v1\/object\/sign\/[^/]+$/;
const signUpload = /^\/storage\/v1\/object\/upload\/sign\/[^/]+\/.+/;
const list = /^\/storage\/v1\/object\/list\/[^/]+$/;
const copy = "/storage/v1/object/copy";

const withoutPrefix = (url) => (url?.startsWith(prefix) ? url.slice(prefix.length) : url);

const noFile = () =>
  Response.json({ statusCode: "415", error: "invalid_request", message: "No file in the form" }, { status: 400 });

/** A multipart upload as the plain one that it stands for; every one with its length, by which limits are kept. */
async function plainUpload(request) {
  const headers = new Headers(request.headers);
  let body;
  if (headers.get("content-type")?.startsWith("multipart/form-data")) {
    const form = await request.formData().catch(() => new FormData());
    const file = [...form.values()].find((value) => typeof value !== "string");
    if (!file) return noFile();
    body = await file.arrayBuffer();
    headers.set("content-type", file.type || "application/octet-stream");
    const seconds = form.get("cacheControl");
    if (typeof seconds === "string" && seconds) headers.set("cache-control", `max-age=${seconds}`);
  } else {
    body = await request.arrayBuffer();
  }
  headers.set("content-length", String(body.byteLength));
  return new Request(request.url, { method: request.method, headers, body });
}

/** A request with JSON in it, changed. */
async function withJson(request, change) {
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  headers.set("content-type", "application/json");
  const body = JSON.stringify(change(await request.json().catch(() => ({}))));
  return new Request(request.url, { method: request.method, headers, body });
}

// The Python client sends the seconds as text; hosted Storage takes either.
const seconds = (asked) => ({ expiresIn: Number(asked.expiresIn) });

const asSigned = ({ signedUrl, ...rest }) => ({ ...rest, signedURL: withoutPrefix(signedUrl) || null });

const hidden = "Either the object does not exist or you do not have access to it";

// Supabase Lite takes a request for several as one for the object without a name: ask for each.
async function signAll(request, forward) {
  const { paths = [], expiresIn } = await request.clone().json().catch(() => ({}));
  const sign = async (path) => {
    const address = `${request.url}/${path.split("/").map(encodeURIComponent).join("/")}`;
    const { headers } = request;
    const response = await forward(await withJson(new Request(address, { method: "POST", headers }), () => seconds({ expiresIn })));
    if (!response.ok) return { path, error: hidden, signedURL: null };
    return { path, error: null, ...asSigned(await response.json()) };
  };
  return Response.json(await Promise.all(paths.map(sign)));
}

/** One folder's entries: its objects by their names in it, and each folder below it once. */
function entries(rows, folder, { limit = 100, offset = 0, search = "" }) {
  const found = new Map();
  for (const row of rows) {
    const [name, ...below] = row.name.slice(folder.length).split("/");
    if (!name.toLowerCase().startsWith(search.toLowerCase())) continue;
    if (below.length === 0) found.set(name, { ...row, name });
    else if (!found.has(name)) {
      found.set(name, { name, id: null, updated_at: null, created_at: null, last_accessed_at: null, metadata: null });
    }
  }
  return [...found.values()].slice(offset, offset + limit);
}

async function listFolder(request, forward) {
  const asked = await request.clone().json().catch(() => ({}));
  const folder = asked.prefix ? `${asked.prefix.replace(/\/+$/, "")}/` : "";
  // Everything below the folder is fetched, since entries can be counted only after folding.
  const everything = ({ sortBy }) => ({ prefix: folder, limit: 100_000, offset: 0, ...(sortBy ? { sortBy } : {}) });
  const response = await forward(await withJson(request, everything));
  if (!response.ok) return response;
  const rows = (await response.json()).filter((row) => row.name.startsWith(folder));
  return Response.json(entries(rows, folder, asked), { status: 200 });
}

async function reshape(response, change) {
  return response.ok ? Response.json(change(await response.json()), { status: response.status }) : response;
}

// A token that does not verify is the client's mistake; Supabase Lite calls it an internal error.
async function signedAccess(request, forward) {
  const response = await forward(request);
  if (response.status !== 500) return response;
  await response.body?.cancel();
  return Response.json({ statusCode: "400", error: "InvalidJWT", message: "The token is not valid" }, { status: 400 });
}

// Hosted Storage puts a file with `insert ... on conflict do update`; Supabase Lite looks first and inserts then, so that
// two who look at once fall over each other, with the bytes of one and the description of the other.
const turns = new Turns();
const bucketOf = (pathname) => pathname.match(beforeKey)[0].replace("upload/sign/", "");

async function writeObject(request, pathname, forward) {
  const key = keyOf(pathname, beforeKey);
  if (!isValidKey(key)) return invalidKey(key);
  if (request.method === "POST" && signUpload.test(pathname)) {
    return reshape(await forward(request), ({ signedUrl, token }) => ({ url: withoutPrefix(signedUrl), token }));
  }
  const ready = await plainUpload(request);
  if (ready instanceof Response) return ready;
  const write = () => (signUpload.test(pathname) ? signedAccess(ready, forward) : forward(ready));
  return turns.take(`${bucketOf(pathname)}${key}`, write);
}

/** Answers a storage request by way of `ask`, which asks Supabase Lite. */
export async function answerStorage(request, ask) {
  const forward = (ready) => ask(withPlainPath(ready));
  const { method } = request;
  const { pathname } = new URL(request.url);
  if ((method === "POST" || method === "PUT") && upload.test(pathname)) return writeObject(request, pathname, forward);
  if (signOne.test(pathname) && method !== "POST") return signedAccess(request, forward);
  if (method !== "POST") return forward(request);
  if (list.test(pathname)) return listFolder(request, forward);
  if (signOne.test(pathname)) return reshape(await forward(await withJson(request, seconds)), asSigned);
  if (signMany.test(pathname)) return signAll(request, forward);
  if (pathname === copy) {
    const { bucketId, destinationBucket } = await request.clone().json().catch(() => ({}));
    return reshape(await forward(request), ({ key }) => ({ Key: `${destinationBucket ?? bucketId}/${key}` }));
  }
  return forward(request);
}
