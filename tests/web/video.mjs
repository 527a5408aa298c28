// A video in the editor: canceled, and sent again although the connection is lost, the user pauses and the page is loaded
// again; then sought in.
import { main, signIn } from "./browser.mjs";

await main(async ({ site, name, file, open, shoot }) => {
  const page = await open();
  await signIn(page, site, name);
  await page.goto(`${site}/projects/new`);
  await page.getByLabel("Title").fill("Noise");
  await page.getByRole("button", { name: "Create draft" }).click();
  await page.getByRole("heading", { name: "Noise" }).waitFor();

  const choose = () => page.getByLabel("Add videos").setInputFiles(file);
  const button = (label) => page.getByRole("button", { name: label });
  // What becomes of each piece in turn: null where it is sent, else what happens instead.
  const fates = [() => button("Cancel").click(), null, () => page.context().setOffline(true), () => button("Pause").click(), null, () => page.reload()];
  const offsets = [];
  const deleted = []; // the answers, and what there is at the address afterwards
  let interrupted = Promise.resolve();
  await page.route("**/upload/resumable/**", async (route) => {
    if (route.request().method() === "DELETE") {
      const answer = await route.fetch();
      const headers = route.request().headers();
      const left = await page.request.head(route.request().url(), { headers: { "tus-resumable": "1.0.0", "x-signature": headers["x-signature"] } });
      deleted.push([answer.status(), left.status()]);
      return route.fulfill({ response: answer });
    }
    if (route.request().method() !== "PATCH") return route.continue();
    offsets.push(Number(route.request().headers()["upload-offset"]));
    const interrupt = fates.shift();
    if (!interrupt) return route.continue();
    interrupted = interrupt();
    await interrupted;
    await route.abort("internetdisconnected").catch(() => {}); // of a page that is gone it is over
  });

  await choose();
  await page.getByText("noise.webm").waitFor({ state: "detached" });
  await choose(); // there is room: a free plan has one video, and what was canceled holds no place
  await page.getByText("No connection.").waitFor();
  await shoot(page, "offline");
  await page.context().setOffline(false);
  await page.getByText("Paused.").waitFor();
  const share = await page.getByRole("progressbar", { name: "noise.webm" }).evaluate(({ value }) => value);
  await button("Continue").click();
  await page.getByText("Not finished.").waitFor();
  await interrupted;
  await shoot(page, "reloaded");
  await choose();
  await page.getByText("noise.webm is added.").waitFor();
  const rows = await page.locator(".uploads li").count();

  await page.getByRole("link", { name: "View" }).click();
  const answers = [];
  page.on("response", (answer) => {
    if (answer.url().endsWith(".webm")) answers.push([answer.request().headers().range ?? "", answer.status()]);
  });
  const sought = await page.locator("video").evaluate(seek);

  // The next user of this browser finds nothing of an upload that is not finished, nor of the session.
  await page.evaluate(() => localStorage.setItem("showcase-upload avatar 1 1 face.png", "{}"));
  await button("Sign out").click();
  await page.getByRole("link", { name: "Sign in" }).first().waitFor();
  const kept = await page.evaluate(() => Object.keys(localStorage));
  return { offsets, deleted, share, rows, sought, answers, kept };
});

/** Runs in the page: goes near the end. */
async function seek(video) {
  const once = (name) =>
    new Promise((resolve, reject) => {
      video.addEventListener(name, resolve, { once: true });
      video.addEventListener("error", () => reject(new Error(video.error.message)), { once: true });
    });
  if (video.readyState < 1) await once("loadedmetadata");
  const sought = once("seeked");
  video.currentTime = video.duration - 0.5;
  await sought;
  return { duration: video.duration, time: video.currentTime, ready: video.readyState };
}
