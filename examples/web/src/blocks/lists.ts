import { h } from "../dom.ts";
import type { Renderer } from "./render.ts";

const chips = (items: string[], path?: string) =>
  h(
    "ul",
    { class: "chips" },
    items.map((item) => h("li", null, path ? h("a", { href: path + encodeURIComponent(item) }, item) : item)),
  );

export const techList: Renderer<"tech_list"> = ({ heading, items = [], style = "chips" }, content) => {
  const shown = items.length ? items : content.technologies;
  if (!shown.length) return [];
  return [
    h("h2", null, heading ?? "Made with"),
    style === "chips" ? chips(shown) : h("ul", { class: "plain" }, shown.map((item) => h("li", null, item))),
  ];
};

export const tags: Renderer<"tags"> = ({ items = [] }, content) => {
  const shown = items.length ? items : content.tags;
  return shown.length ? [chips(shown, "/?tag=")] : [];
};

export const features: Renderer<"features"> = ({ heading, items, columns = 3 }) => {
  const grid = h(
    "ul",
    { class: `grid columns-${columns}` },
    items.map(({ title, text }) => h("li", null, h("h3", null, title), h("p", null, text))),
  );
  return heading ? [h("h2", null, heading), grid] : [h("h2", { class: "visually-hidden" }, "Features"), grid];
};

export const steps: Renderer<"steps"> = ({ heading, items }) => [
  h("h2", { class: heading ? "" : "visually-hidden" }, heading ?? "Steps"),
  h(
    "ol",
    { class: "steps" },
    items.map(({ title, text }) => h("li", null, h("div", null, h("h3", null, title), h("p", null, text)))),
  ),
];
