import { type Card, projectPath, projectsOf } from "../api/projects.ts";
import { requireMe } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { errorNotice } from "../ui/notice.ts";
import { replaceRows } from "../ui/rows.ts";

export default async function dashboard(): Promise<Page> {
  const me = await requireMe();
  const content = h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "title-row" },
      h("h1", null, "Your projects"),
      h("a", { href: "/projects/new", class: "button" }, "New project"),
    ),
    projectList(await projectsOf(me.id)),
  );
  return { title: "Your projects", content };
}

function projectList(projects: Card[]): HTMLElement {
  if (!projects.length) return h("p", { class: "empty" }, "Nothing here yet. Begin with what you are proudest of.");
  const list = h("ul", { class: "rows" });
  const outcome = h("div", { class: "outcome" });

  async function move(from: number, to: number): Promise<void> {
    const ordered = projects.toSpliced(from, 1).toSpliced(to, 0, projects[from]!);
    await supabase.rpc("reorder_projects", { ids: ordered.map(({ id }) => id) }).throwOnError();
    projects = ordered;
    draw(to);
  }

  function mover(index: number, step: 1 | -1): HTMLElement {
    const label = `Move ${projects[index]!.title} ${step < 0 ? "up" : "down"}`;
    const next = projects[index + step];
    // Pinned ones come first, whatever their order.
    const disabled = !next || next.pinned !== projects[index]!.pinned;
    const onclick = () => void move(index, index + step).catch((error) => outcome.replaceChildren(errorNotice(error)));
    return h("button", { type: "button", "aria-label": label, disabled, onclick }, step < 0 ? "↑" : "↓");
  }

  const draw = (to?: number) =>
    replaceRows(list, projects.map((each, index) => row(each, mover(index, -1), mover(index, 1))), to);
  draw();
  return h("div", null, list, outcome);
}

function row(project: Card, ...tools: HTMLElement[]): HTMLElement {
  const { id, title, short_summary, status, pinned } = project;
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
        pinned && h("span", { class: "badge" }, "pinned"),
      ),
      h("p", null, short_summary),
    ),
    h(
      "nav",
      { "aria-label": title },
      h("a", { href: `/projects/${id}/edit` }, "Edit"),
      h("a", { href: `/projects/${id}/design` }, "Design"),
      h("a", { href: `/projects/${id}/numbers` }, "Numbers"),
      h("span", { class: "tools" }, tools),
    ),
  );
}
