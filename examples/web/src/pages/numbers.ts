import type { Platform } from "$types/functions.ts";
import { call } from "../api/functions.ts";
import { readOwnProject } from "../api/own_project.ts";
import { supabase } from "../api/supabase.ts";
import { mainCount, platformNames } from "../blocks/metrics.ts";
import type { Metrics } from "../blocks/types.ts";
import { h } from "../dom.ts";
import { type Page, type Visit } from "../router.ts";
import { lineChart } from "../ui/chart.ts";
import { actionButton } from "../ui/form.ts";
import { projectTabs } from "../ui/tabs.ts";

const reasons: Record<string, string> = {
  refresh_in_progress: "New numbers are being fetched.",
  gone: "What the link leads to is gone.",
  forbidden: "The platform does not show its numbers.",
};

export default async function numbers({ params }: Visit): Promise<Page> {
  const project = await readOwnProject(params.id!);
  const ask = (refresh: boolean) => call("getSocialMetrics", { project_id: project.id, history_days: 90, refresh });
  const [first, { data: views }] = await Promise.all([
    ask(false),
    supabase.from("project_views").select("day, views").eq("project_id", project.id).order("day", { ascending: false })
      .limit(90).throwOnError(),
  ]);
  const shown = h("div", null, panels(first));
  const content = h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "title-row" },
      h("h1", null, `Numbers of ${project.title}`),
      actionButton("Ask again", async () => void shown.replaceChildren(panels(await ask(true)))),
    ),
    projectTabs(project.id),
    viewsPanel(views.toReversed()),
    shown,
  );
  return { title: `Numbers of ${project.title}`, content };
}

function viewsPanel(views: { day: string; views: number }[]): HTMLElement {
  const points = views.map(({ day, views: value }) => ({ day, value }));
  const total = points.reduce((sum, { value }) => sum + value, 0);
  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Views"),
    h(
      "dl",
      { class: "numbers row" },
      h("div", null, h("dt", null, "in 90 days"), h("dd", { class: "figure" }, total.toLocaleString("en"))),
    ),
    points.length > 1 && lineChart(points, `Views, ${points.length} days, ${total} together`),
    h(
      "p",
      { class: "caption" },
      "Each visitor counts once a day. No cookie is set and no address kept; bots and you do not count.",
    ),
  );
}

function panels(numbers: Metrics): HTMLElement {
  const platforms = Object.keys(numbers.platforms) as Platform[];
  if (!platforms.length) {
    return h(
      "p",
      { class: "empty" },
      "Link the project to a GitHub repository, or to a post on LinkedIn or X, to see what it earns there.",
    );
  }
  return h("div", null, platforms.map((platform) => panel(platform, numbers)));
}

function panel(platform: Platform, { platforms, history }: Metrics): HTMLElement {
  const { counts, as_of, reason } = platforms[platform]!;
  const main = mainCount[platform];
  const points = history.filter((day) => day.platform === platform).map((day) => ({
    day: day.recorded_at,
    value: day.counts[main] ?? 0,
  }));
  return h(
    "section",
    { class: "panel" },
    h("h2", null, platformNames[platform]),
    counts
      ? h(
        "dl",
        { class: "numbers row" },
        Object.entries(counts).map(([name, value]) =>
          h("div", null, h("dt", null, name), h("dd", { class: "figure" }, value.toLocaleString("en")))
        ),
      )
      : h("p", null, "No numbers yet."),
    points.length > 1 &&
      lineChart(
        points,
        `${platformNames[platform]} ${main}, ${points.length} days, ${points[0]!.value} to ${points.at(-1)!.value}`,
      ),
    points.length > 1 && h("p", { class: "caption" }, `${main}, day by day`),
    h(
      "p",
      { class: "caption" },
      reason
        ? reasons[reason] ?? "The platform does not answer at the moment: these are the last known numbers."
        : as_of && `As of ${new Date(as_of).toLocaleString("en", { dateStyle: "long", timeStyle: "short" })}.`,
    ),
  );
}
