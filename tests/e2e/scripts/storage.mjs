// Storage by supabase-js: every way of sending a file, folders, signed addresses.
import { client, main } from "./supabase.mjs";

const bytes = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

await main(async ({ url, key, token, folder }) => {
  const bucket = client(url, key, token).storage.from("ai-assets");
  const errors = {};
  const ask = async (name, promise) => {
    const { data, error } = await promise;
    if (error) errors[name] = error.message;
    return data;
  };
  const kind = async (blob) => `${blob.type} ${(await blob.arrayBuffer()).byteLength}`;
  const path = (name) => `${folder}/${name}`;
  const type = { contentType: "image/png" };
  const downloads = {};

  await ask("blob", bucket.upload(path("blob.png"), new Blob([bytes], { type: "image/png" }), { cacheControl: "60" }));
  await ask("bytes", bucket.upload(path("bytes.png"), bytes, type));
  const form = new FormData();
  form.append("cacheControl", "60");
  form.append("", new Blob([bytes], { type: "image/png" }), "form.png");
  await ask("form", bucket.upload(path("form.png"), form));
  for (const name of ["blob", "bytes", "form"]) {
    downloads[name] = await kind(await ask(`get ${name}`, bucket.download(path(`${name}.png`))));
  }
  await ask("replace", bucket.upload(path("blob.png"), bytes, { ...type, upsert: true }));
  await ask("update", bucket.update(path("blob.png"), new Blob([bytes], { type: "image/png" })));
  await ask("deep", bucket.upload(path("nested/deep.png"), bytes, type));

  const signed = await ask("sign", bucket.createSignedUrl(path("blob.png"), 60));
  downloads.signed = await kind(await (await fetch(signed.signedUrl)).blob());
  const ticket = await ask("ticket", bucket.createSignedUploadUrl(path("signed.png")));
  const later = new Blob([bytes], { type: "image/png" });
  await ask("uploadToSignedUrl", bucket.uploadToSignedUrl(ticket.path, ticket.token, later));
  downloads.uploadedSigned = await kind(await ask("get signed", bucket.download(path("signed.png"))));
  await ask("copy", bucket.copy(path("blob.png"), path("copy.png")));
  downloads.copied = await kind(await ask("get copy", bucket.download(path("copy.png"))));

  const listed = await ask("list", bucket.list(folder, { sortBy: { column: "name", order: "asc" } }));
  const removed = await ask("remove", bucket.remove([path("nested/deep.png")]));
  return {
    errors,
    downloads,
    listed: listed.map(({ name }) => name).sort(),
    removed: removed.map(({ name }) => name.slice(folder.length + 1)),
  };
});
