/** Line charts as SVG. Colours and sizes of text come from CSS. */

import { svg } from "../dom.ts";
import { compact } from "./numbers.ts";

export interface Point {
  day: string; // an ISO date
  value: number;
}

const HEIGHT = 220;
const LEFT = 52;
const BOTTOM = 28;
const TOP = 12;

/** A chart with axes, as wide as its place, also when that changes; its label is what a screen reader says. */
export function lineChart(points: Point[], label: string): SVGSVGElement {
  const chart = svg("svg", { class: "chart", role: "img", "aria-label": label, height: HEIGHT });
  let drawn = 0;
  new ResizeObserver(() => {
    const width = chart.clientWidth;
    if (width && width !== drawn) chart.replaceChildren(...drawing(points, drawn = width));
  }).observe(chart);
  return chart;
}

/** In the units of the page, so that text keeps its size. */
function drawing(points: Point[], width: number): SVGElement[] {
  const values = points.map(({ value }) => value);
  const [low, high] = bounds(values);
  const x = (index: number) => LEFT + (index * (width - LEFT - 12)) / Math.max(1, points.length - 1);
  const y = (value: number) => TOP + ((high - value) * (HEIGHT - TOP - BOTTOM)) / (high - low);
  const ticks = high - low > 1 ? [low, Math.round((low + high) / 2), high] : [low, high];
  const days = [...new Set([0, Math.floor((points.length - 1) / 2), points.length - 1])];
  return [
    ...ticks.flatMap((tick) => [
      svg("line", { class: "rule", x1: LEFT, x2: width - 12, y1: y(tick), y2: y(tick) }),
      svg("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, compact(tick)),
    ]),
    svg("path", { class: "area", d: `${line(values, x, y)} L${x(values.length - 1)},${y(low)} L${x(0)},${y(low)} Z` }),
    svg("path", { class: "line", d: line(values, x, y) }),
    ...points.map(({ day, value }, index) =>
      svg(
        "circle",
        { cx: x(index), cy: y(value), r: 3 },
        svg("title", null, `${shortDay(day)}: ${value.toLocaleString("en")}`),
      )
    ),
    ...days.map((index) =>
      svg(
        "text",
        { x: x(index), y: HEIGHT - 6, "text-anchor": anchor(index, points.length) },
        shortDay(points[index]?.day ?? ""),
      )
    ),
  ];
}

/** A line without axes, to stand beside a number. */
export function sparkline(values: number[], label: string): SVGSVGElement {
  const [low, high] = bounds(values);
  const x = (index: number) => 2 + (index * 116) / Math.max(1, values.length - 1);
  const y = (value: number) => 2 + ((high - value) * 28) / (high - low);
  return svg(
    "svg",
    { viewBox: "0 0 120 32", class: "sparkline", role: "img", "aria-label": label },
    svg("path", { class: "line", d: line(values, x, y) }),
  );
}

const dayFormat = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const shortDay = (day: string) => (day ? dayFormat.format(new Date(day)) : "");

function bounds(values: number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 1, high + 1] : [low, high];
}

const line = (values: number[], x: (index: number) => number, y: (value: number) => number) =>
  values.map((value, index) => `${index ? "L" : "M"}${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");

const anchor = (index: number, length: number) => (index === 0 ? "start" : index === length - 1 ? "end" : "middle");
