// Storage as a browser uses it: a video that is sought in, and a resumable upload by tus-js-client.
import { createRequire } from "node:module";
import { main, visit } from "./browser.mjs";

const tusFile = createRequire(new URL("../../local/package.json", import.meta.url)).resolve("tus-js-client/dist/tus.min.js");

await main(async ({ site, video, upload, open }) => {
  const page = await open({ bypassCSP: true }); // the site's own policy lets no test script in
  await visit(page, site);
  const answers = [];
  page.on("response", (answer) => {
    if (answer.url() === video) answers.push([answer.request().headers().range ?? "", answer.status()]);
  });
  const sought = await page.evaluate(seek, video);
  await page.addScriptTag({ path: tusFile });
  const sent = await page.evaluate(send, upload);
  return { sought, answers, sent };
});

/** Runs in the page: plays from near the end. */
async function seek(url) {
  const video = document.createElement("video");
  const once = (name) =>
    new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true });
      video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
    });
  video.preload = "metadata";
  video.src = url;
  await once("loadedmetadata");
  const sought = once("seeked");
  video.currentTime = video.duration - 0.5;
  await sought;
  return { duration: video.duration, time: video.currentTime, ready: video.readyState };
}

/** Runs in the page: sends zeros, in the pieces that hosted Storage wants. */
function send({ endpoint, token, bucket, path, type, size }) {
  const file = new Blob([new Uint8Array(size)], { type });
  let pieces = 0;
  return new Promise((resolve, reject) => {
    const running = new tus.Upload(file, {
      endpoint,
      chunkSize: 6 * 1024 * 1024,
      uploadDataDuringCreation: true,
      headers: { "x-signature": token },
      metadata: { bucketName: bucket, objectName: path, contentType: type },
      onChunkComplete: () => pieces++,
      onError: reject,
      onSuccess: () => resolve({ pieces }),
    });
    running.start();
  });
}
