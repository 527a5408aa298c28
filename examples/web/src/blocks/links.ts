import type { Action } from "$types/blocks.ts";
import { h } from "../dom.ts";
import type { Renderer } from "./render.ts";

/** A link to elsewhere: it opens nothing of ours to that page, and search engines know that a user wrote it. */
export const outwardLink = ({ label, url }: Action, look = "button") =>
  h("a", { href: url, class: look, rel: "noopener ugc", referrerpolicy: "strict-origin-when-cross-origin" }, label);

export const actionLinks = (actions: Action[]) =>
  actions.length > 0 &&
  h("p", { class: "actions" }, actions.map((action, index) => outwardLink(action, index ? "button ghost" : "button")));

export const links: Renderer<"links"> = ({ heading, links: own = [], style = "buttons" }, content) => {
  const shown = own.length ? own : content.links;
  if (!shown.length) return [];
  const list = style === "buttons"
    ? actionLinks(shown)
    : h("ul", { class: "plain" }, shown.map((action) => h("li", null, outwardLink(action, "link"))));
  return [heading && h("h2", null, heading), list].filter((node) => node instanceof Node);
};

export const contact: Renderer<"contact"> = ({ heading, text, action }, { owner }) => [
  h("h2", null, heading),
  h("p", null, text),
  h(
    "p",
    { class: "actions" },
    action ? outwardLink(action) : h("a", { href: `/${owner.username}`, class: "button" }, owner.username),
  ),
];

export const callToAction: Renderer<"call_to_action"> = ({ title, text, action }) => [
  h("h2", null, title),
  h("p", null, text),
  h("p", { class: "actions" }, outwardLink(action)),
];
