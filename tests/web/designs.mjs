// Designs in the gallery page's "Try a design": what became of each.
import { faint, main, visit } from "./browser.mjs";

const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==", "base64");

await main(async ({ site, designs, open, shoot }) => {
  const pages = [await open(), await open({ width: 390, colorScheme: "dark" })];
  for (const page of pages) {
    // What a random design links to is nowhere: any picture will do.
    await page.route((url) => url.origin !== site, (route) => route.fulfill({ contentType: "image/png", body: pixel }));
    await visit(page, `${site}/design`);
    await shoot(page, "gallery");
  }
  const types = await pages[0].locator(".sample[id]:not(#try)").evaluateAll((samples) => samples.map(({ id }) => id));
  const empty = await pages[0].locator(".sample .block[hidden]").count();
  const gallery = [await pages[0].evaluate(faint, ".sample"), await pages[1].evaluate(faint, ".sample")];
  const results = [];
  for (const [index, design] of designs.entries()) results.push(await render(pages[index % pages.length], design));
  return { types, empty, gallery, results };
});

async function render(page, design) {
  await page.evaluate((text) => {
    document.querySelector("#tried").replaceChildren();
    document.querySelector("textarea[name=design]").value = text;
  }, JSON.stringify(design));
  await page.getByRole("button", { name: "Show it" }).click();
  await page.locator("#tried > *").or(page.locator("#try .notice.error")).first().waitFor({ state: "attached" });
  return {
    blocks: await page.locator("#tried .block").evaluateAll((blocks) => blocks.map(({ className }) => className.split(" ")[1])),
    problem: await page.locator("#try .notice.error").allInnerTexts(),
    text: await page.locator("#tried").innerText(),
    links: await page.locator("#tried a").evaluateAll((links) => links.map((link) => link.getAttribute("href"))),
    scripts: await page.locator("#tried :is(script, iframe, object, [onerror], [onclick])").count(),
    faint: await page.evaluate(faint, "#tried"),
    overflow: await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
  };
}
