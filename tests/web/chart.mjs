// A chart whose place becomes narrower and wider: how far its last point is from its right edge, and how large its text.
import { main, shown, signIn } from "./browser.mjs";

await main(async ({ site, name, project, widths, open }) => {
  const page = await open();
  await signIn(page, site, name);
  await page.goto(`${site}/projects/${project}/numbers`);
  await shown(page);
  const seen = [];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const chart = page.locator(".chart").first();
    await page.waitForFunction((chart) => chart.clientWidth === chart.querySelector("line").x2.baseVal.value + 12, await chart.elementHandle());
    seen.push(await chart.evaluate(measure));
  }
  return { seen };
});

/** Runs in the page. */
function measure(chart) {
  const place = chart.getBoundingClientRect();
  const points = [...chart.querySelectorAll("circle")].map((circle) => circle.getBoundingClientRect());
  const text = chart.querySelector("text").getBoundingClientRect();
  const last = points.at(-1);
  return { width: place.width, edge: Math.round(place.right - (last.left + last.right) / 2), text: text.height, points: points.length };
}
