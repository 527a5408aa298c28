import type { Platform } from "$types/functions.ts";
import { h } from "../dom.ts";
import { sparkline } from "../ui/chart.ts";
import { compact } from "../ui/numbers.ts";
import type { Renderer } from "./render.ts";
import type { Metrics } from "./types.ts";

export const platformNames: Record<Platform, string> = { github: "GitHub", linkedin: "LinkedIn", twitter: "X" };
/** The number that stands for a platform. */
export const mainCount: Record<Platform, string> = { github: "stars", linkedin: "likes", twitter: "likes" };

export const metrics: Renderer<"metrics"> = ({ heading, platforms, layout = "row", show_history = false }, content) => {
  const known = [...new Set(platforms)].filter((platform) => content.metrics?.platforms[platform]?.counts);
  if (!known.length) return [];
  return [
    h("h2", { class: heading ? "" : "visually-hidden" }, heading ?? "Numbers"),
    h("dl", { class: `numbers ${layout}` }, known.map((platform) => figure(platform, content.metrics!, show_history))),
  ];
};

function figure(platform: Platform, { platforms, history }: Metrics, withHistory: boolean): HTMLElement {
  const counts = platforms[platform]!.counts!;
  const main = mainCount[platform];
  const days = history.filter((entry) => entry.platform === platform).map((entry) => entry.counts[main] ?? 0);
  const others = Object.entries(counts).filter(([name]) => name !== main).map(([name, value]) =>
    `${compact(value)} ${name}`
  );
  return h(
    "div",
    null,
    h("dt", null, `${platformNames[platform]} ${main}`),
    h("dd", { class: "figure" }, compact(counts[main] ?? 0)),
    h("dd", null, others.join(" · ")),
    withHistory && days.length > 1 && h("dd", null, sparkline(days, `${platformNames[platform]} ${main}, day by day`)),
  );
}
