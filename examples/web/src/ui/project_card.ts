import { type Card, projectPath } from "../api/projects.ts";
import { picture } from "../blocks/media.ts";
import { h } from "../dom.ts";
import { avatar } from "./avatar.ts";
import { compact } from "./numbers.ts";

export function projectCards(projects: Card[], empty: string): HTMLElement {
  if (!projects.length) return h("p", { class: "empty" }, empty);
  return h("ul", { class: "cards" }, projectItems(projects));
}

export const projectItems = (projects: Card[]): HTMLElement[] =>
  projects.map((project) => h("li", null, card(project)));

function card(project: Card): HTMLElement {
  const { title, short_summary, cover: [image], users, project_tags, pinned } = project;
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "card-cover", "aria-hidden": "true" },
      image
        ? picture({ ...image, alt_text: "" }, { images: [] }, "(min-width: 700px) 33vw, 100vw")
        : title.charAt(0).toUpperCase(),
    ),
    h(
      "div",
      { class: "card-words" },
      h(
        "h2",
        null,
        h("a", { href: projectPath(project), class: "stretched" }, title),
        pinned && h("span", { class: "badge" }, "pinned"),
      ),
      h("p", null, short_summary),
      h("ul", { class: "chips" }, project_tags.slice(0, 4).map(({ tag }) => h("li", null, tag))),
      h(
        "p",
        { class: "by" },
        h("a", { href: `/${users.username}` }, avatar(users, 24), users.name ?? users.username),
        h("span", { class: "earned" }, earned(project)),
      ),
    ),
  );
}

/** `★ 1.3K  ♥ 210`, of all platforms together. */
function earned({ latest_metrics }: Card): string {
  const [stars, likes] = latest_metrics.reduce(([s, l], each) => [s + each.stars, l + each.likes], [0, 0]) as [
    number,
    number,
  ];
  return [stars && `★ ${compact(stars)}`, likes && `♥ ${compact(likes)}`].filter(Boolean).join("  ");
}
