import { type Card, projectPath, projectsOf } from "../api/projects.ts";
import { requireMe } from "../api/session.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";

export default async function dashboard(): Promise<Page> {
  const me = await requireMe();
  const projects = await projectsOf(me);
  const content = h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "title-row" },
      h("h1", null, "Your projects"),
      h("a", { href: "/projects/new", class: "button" }, "New project"),
    ),
    projects.length
      ? h("ul", { class: "rows" }, projects.map(row))
      : h("p", { class: "empty" }, "Nothing here yet. Begin with what you are proudest of."),
  );
  return { title: "Your projects", content };
}

function row(project: Card): HTMLElement {
  const { id, title, short_summary, status } = project;
  return h(
    "li",
    null,
    h(
      "div",
      null,
      h(
        "h2",
        null,
        h("a", { href: projectPath(project) }, title),
        " ",
        h("span", { class: `badge ${status}` }, status),
      ),
      h("p", null, short_summary),
    ),
    h(
      "nav",
      { "aria-label": title },
      h("a", { href: `/projects/${id}/edit` }, "Edit"),
      h("a", { href: `/projects/${id}/design` }, "Design"),
      h("a", { href: `/projects/${id}/numbers` }, "Numbers"),
    ),
  );
}
