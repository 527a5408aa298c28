// What the scripts of this folder share: a browser, what its console says, screenshots, contrast.
import { createRequire } from "node:module";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const { chromium } = createRequire(new URL("../../local/package.json", import.meta.url))("playwright-core");
// Generous: it bounds a hang, and is no measure of speed.
const timeout = 60_000;

/** Runs `work` with what standard input says and a browser; what it returns is the script's answer, with all complaints. */
export async function main(work) {
  const given = JSON.parse(await text(process.stdin));
  // As root Chromium cannot make its sandbox.
  const browser = await chromium.launch({ executablePath: given.chromium, args: ["--no-sandbox", "--disable-dev-shm-usage", "--enable-blink-features=ComputedAccessibilityInfo"], timeout });
  const complaints = [];
  try {
    const answer = await work({ ...given, open: (options) => open(browser, complaints, options), shoot: shooter(given.screenshots) });
    process.stdout.write(JSON.stringify({ ...answer, complaints }));
  } catch (error) {
    const pages = browser.contexts().flatMap((context) => context.pages());
    await Promise.all(pages.map((page, index) => page.screenshot({ path: join(given.screenshots, `failed-${index}.png`) })));
    throw new Error(`${pages.map((page) => page.url()).join(", ")}: ${complaints.join("\n")}`, { cause: error });
  } finally {
    await browser.close();
  }
}

/** A page of a new user of the browser, with nothing kept from others. */
async function open(browser, complaints, { width = 1200, height = 900, ...options } = {}) {
  // Without transitions, so that colours are what they will be.
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.message}`));
  return page;
}

function shooter(folder) {
  let count = 0;
  return (page, name) => page.screenshot({ path: join(folder, `${String(++count).padStart(2, "0")}-${name}.jpg`), type: "jpeg", quality: 70, fullPage: true });
}

/** How many pixels the page is wider than the window. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** Goes to a page of the site and waits until it is shown. */
export async function visit(page, url) {
  await page.goto(url);
  await shown(page);
}

export const shown = (page) => page.locator("main:not([aria-busy]) h1").first().waitFor();

/** Signs in as a user of the local identity provider, by their name. */
export async function signIn(page, site, name) {
  await visit(page, `${site}/login`);
  await page.getByRole("button", { name: "Continue with Google" }).click();
  await page.getByText(name).click();
  await page.getByRole("heading", { name: "Your projects" }).waitFor();
}

/** What can be used and has no name for a screen reader. Runs in the page. */
export function unnamed() {
  const controls = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, progress, meter, video, [role=img]")];
  return controls.filter((element) => element.checkVisibility() && !element.computedName).map((element) => element.outerHTML.slice(0, 100));
}

/** Texts within `selector` that stand out from what is behind them by less than 4.5:1. Runs in the page. */
export function faint(selector) {
  const channels = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = channels(color).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const root of document.querySelectorAll(selector)) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const element = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || element.getClientRects().length === 0 || element.closest("option, textarea")) continue;
      const style = getComputedStyle(element);
      const color = element instanceof SVGElement ? style.fill : style.color;
      const [dark, light] = [luminance(color), luminance(behind(element))].sort((a, b) => a - b);
      if ((light + 0.05) / (dark + 0.05) < 4.49) found.push([texts.currentNode.data.slice(0, 40), color, behind(element)]);
    }
  }
  return found;
}
