import { h } from "../dom.ts";
import { avatar } from "../ui/avatar.ts";
import { actionLinks } from "./links.ts";
import { picture } from "./media.ts";
import type { Renderer } from "./render.ts";

export const hero: Renderer<"hero"> = (props, content) => {
  const { align = "center", image, image_position = "above", actions = [], show_avatar = false } = props;
  const words = h(
    "div",
    { class: "words" },
    show_avatar && avatar(content.owner, 72),
    h("h1", null, props.title ?? content.title),
    (props.tagline ?? content.short_summary) && h("p", { class: "tagline" }, props.tagline ?? content.short_summary),
    actionLinks(actions),
  );
  const shown = image && picture({ url: image.url, alt_text: image.alt ?? "" }, content, "100vw");
  return [h("div", { class: `hero ${align} ${shown ? image_position : ""}` }, shown, words)];
};

export const text: Renderer<"text"> = ({ heading, text: own, align = "left" }, content) => {
  const shown = own ?? content.description;
  if (!heading && !shown) return [];
  const paragraphs = (shown ?? "").split(/\n\s*\n/).filter((each) => each.trim());
  return [
    h(
      "div",
      { class: `prose ${align}` },
      heading && h("h2", null, heading),
      paragraphs.map((each) => h("p", null, each)),
    ),
  ];
};

export const quote: Renderer<"quote"> = ({ text: said, source }) => [
  h("figure", null, h("blockquote", null, h("p", null, said)), source && h("figcaption", null, source)),
];

export const divider: Renderer<"divider"> = ({ style = "line", size = "medium" }) => [
  style === "line" ? h("hr", { class: size }) : h("div", { class: `space ${size}`, "aria-hidden": "true" }),
];
