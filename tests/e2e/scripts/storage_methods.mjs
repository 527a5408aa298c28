// Each method of storage-js once: of a bucket's files as a user, of buckets with the secret key.
import { client, main } from "./supabase.mjs";

const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const type = { contentType: "image/png" };

await main(async ({ url, key, secret, token, folder, bucket }) => {
  const files = client(url, key, token).storage.from("ai-assets");
  const { storage } = client(url, secret);
  const path = (name) => `${folder}/${name}`;
  const found = {};
  const take = async (name, promise) => {
    const { data, error } = await promise;
    found[name] = error ? `${error.status} ${error.statusCode} ${error.message}` : "ok";
    return data;
  };

  await take("upload", files.upload(path("a.png"), png, { ...type, cacheControl: "60", metadata: { alt: "words" } }));
  await take("upload again", files.upload(path("a.png"), png, type));
  await take("update", files.update(path("b.png"), new Blob([png], { type: "image/png" }), { upsert: true }));
  const info = await take("info", files.info(path("a.png")));
  const there = await take("exists", files.exists(path("a.png")));
  const missing = (await files.exists(path("nothing.png"))).data;
  const gone = await take("download a missing one", files.download(path("nothing.png")));
  const blob = await take("download", files.download(path("a.png")));
  await take("copy", files.copy(path("a.png"), path("c.png")));
  await take("move", files.move(path("c.png"), path("deep/d.png")));
  const one = await take("createSignedUrl", files.createSignedUrl(path("a.png"), 60, { download: "name.png" }));
  const several = await take("createSignedUrls", files.createSignedUrls([path("a.png"), path("none.png")], 60));
  const ticket = await take("createSignedUploadUrl", files.createSignedUploadUrl(path("e.png"), { upsert: true }));
  await take("uploadToSignedUrl", files.uploadToSignedUrl(ticket.path, ticket.token, new Blob([png], { type: "image/png" })));
  const list = await take("list", files.list(folder, { search: "", sortBy: { column: "name", order: "desc" } }));
  const keys = await take("listV2", files.listV2({ prefix: `${folder}/`, with_delimiter: true, limit: 2 }));
  const more = await take("listV2 next", files.listV2({ prefix: `${folder}/`, with_delimiter: true, cursor: keys.nextCursor }));
  const removed = await take("remove", files.remove([path("b.png"), path("none.png")]));
  const disposition = (await fetch(one.signedUrl)).headers.get("content-disposition");

  await take("createBucket", storage.createBucket(bucket, { public: false, fileSizeLimit: "1MB", allowedMimeTypes: ["image/*"] }));
  await take("createBucket again", storage.createBucket(bucket));
  await take("updateBucket", storage.updateBucket(bucket, { public: true, fileSizeLimit: 20 }));
  const kept = await take("getBucket", storage.getBucket(bucket));
  const buckets = await take("listBuckets", storage.listBuckets({ search: bucket }));
  await take("upload beyond", storage.from(bucket).upload("x.png", new Uint8Array(21), type));
  await take("upload to it", storage.from(bucket).upload("x.png", png, type));
  const shown = await fetch(storage.from(bucket).getPublicUrl("x.png").data.publicUrl);
  await take("deleteBucket of files", storage.deleteBucket(bucket));
  await take("emptyBucket", storage.emptyBucket(bucket));
  await take("deleteBucket", storage.deleteBucket(bucket));
  await take("getBucket of none", storage.getBucket(bucket));

  return {
    found,
    info: { size: info.size, type: info.contentType, caching: info.cacheControl, metadata: info.metadata },
    exists: [there, missing],
    gone,
    downloaded: [blob.type, blob.size],
    several: several.map(({ error }) => error),
    disposition,
    list: list.map(({ name, id }) => [name, id !== null]),
    keys: [keys, more].map(({ folders, objects, hasNext }) => [[...folders, ...objects].map((entry) => entry.key), hasNext]),
    removed: removed.map(({ name }) => name.slice(folder.length + 1)),
    bucket: { public: kept.public, limit: kept.file_size_limit, types: kept.allowed_mime_types, listed: buckets.length },
    shown: [shown.status, shown.headers.get("content-type")],
  };
});
