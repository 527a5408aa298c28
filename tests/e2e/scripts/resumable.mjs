// A resumable upload by tus-js-client, cut off in the middle and gone on with by its address.
import { createRequire } from "node:module";
import { createHash, randomBytes } from "node:crypto";
import { main } from "./supabase.mjs";

const tus = createRequire(new URL("../../../local/package.json", import.meta.url))("tus-js-client");
const chunkSize = 6 * 1024 * 1024;

const upload = (content, options) =>
  new Promise((resolve, reject) => {
    const running = new tus.Upload(content, {
      chunkSize,
      retryDelays: null,
      uploadDataDuringCreation: true,
      ...options,
      onError: reject,
      onSuccess: () => resolve(running.url),
      onChunkComplete: (_, sent) => options.stopAfter && sent >= options.stopAfter && running.abort().then(() => resolve(running.url)),
    });
    running.start();
  });

await main(async ({ url, headers, metadata, size, stopAfter, signature }) => {
  const content = randomBytes(size);
  const endpoint = `${url}/storage/v1/upload/resumable${signature ? "/sign" : ""}`;
  const options = { endpoint, metadata, headers: { ...headers, ...(signature ? { "x-signature": signature } : {}) } };
  let address;
  if (stopAfter) address = await upload(content, { ...options, stopAfter });
  const offset = address && (await fetch(address, { method: "HEAD", headers: { ...options.headers, "tus-resumable": "1.0.0" } })).headers.get("upload-offset");
  await upload(content, { ...options, uploadUrl: address });
  return { sha256: createHash("sha256").update(content).digest("hex"), offset: offset && Number(offset) };
});
