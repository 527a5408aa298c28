import { type Card, projectPath } from "../api/projects.ts";
import { picture } from "../blocks/media.ts";
import { h } from "../dom.ts";
import { avatar } from "./avatar.ts";

export function projectCards(projects: Card[], empty: string): HTMLElement {
  if (!projects.length) return h("p", { class: "empty" }, empty);
  return h("ul", { class: "cards" }, projects.map((project) => h("li", null, projectCard(project))));
}

function projectCard(project: Card): HTMLElement {
  const { title, short_summary, cover, users, project_tags } = project;
  const [image] = cover;
  return h(
    "article",
    { class: "card" },
    h(
      "div",
      { class: "card-cover", "aria-hidden": "true" },
      image ? picture({ ...image, alt_text: "" }, { images: [] }, "(min-width: 700px) 33vw, 100vw") : title.charAt(0),
    ),
    h(
      "div",
      { class: "card-words" },
      h("h2", null, h("a", { href: projectPath(project), class: "stretched" }, title)),
      h("p", null, short_summary),
      h("ul", { class: "chips" }, project_tags.slice(0, 4).map(({ tag }) => h("li", null, tag))),
      h("p", { class: "by" }, h("a", { href: `/${users.username}` }, avatar(users, 24), users.username)),
    ),
  );
}
