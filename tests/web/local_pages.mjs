// The pages of the local stack, at the widths of a phone, a laptop and a large screen.
import { main, overflow } from "./browser.mjs";

await main(async ({ pages, widths, open, shoot }) => {
  const seen = [];
  for (const width of widths) {
    const page = await open({ width });
    for (const [name, url] of Object.entries(pages)) {
      const answer = await page.goto(url);
      const text = await page.locator("body").innerText();
      seen.push({ name, width, status: answer.status(), overflow: await overflow(page), shown: await visibleWords(page), length: text.length });
      await shoot(page, `${name}-${width}`);
    }
  }
  return { seen };
});

/** How many words lie within the window: what a user sees without scrolling. */
function visibleWords(page) {
  return page.evaluate(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let count = 0;
    while (texts.nextNode()) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      const { left, right, top, bottom, width, height } = range.getBoundingClientRect();
      if (width && height && left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight) {
        count += texts.currentNode.data.trim().split(/\s+/).filter(Boolean).length;
      }
    }
    return count;
  });
}
