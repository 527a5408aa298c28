import { findProjects } from "../api/projects.ts";
import { h } from "../dom.ts";
import { navigate, type Page, type Visit } from "../router.ts";
import { projectCards } from "../ui/project_card.ts";

export default async function home({ query }: Visit): Promise<Page> {
  const [words, tag] = [query.get("q") ?? "", query.get("tag") ?? ""];
  const projects = await findProjects(words, tag);
  const content = h(
    "div",
    { class: "page wide" },
    h(
      "div",
      { class: "intro" },
      h("h1", null, "Work worth showing"),
      h("p", { class: "tagline" }, "Projects by the people who made them, and what the world says of them."),
    ),
    search(words),
    tag && h("p", { class: "filter" }, `Tagged “${tag}” `, h("a", { href: "/" }, "Show all")),
    projectCards(projects, words || tag ? "No project matches." : "No project is published yet."),
  );
  return { title: words || tag || "Portfolios", content };
}

function search(words: string): HTMLElement {
  const onsubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = String(new FormData(event.target as HTMLFormElement).get("q")).trim();
    navigate(wanted ? `/?q=${encodeURIComponent(wanted)}` : "/");
  };
  return h(
    "form",
    { role: "search", class: "search", onsubmit },
    h("label", { for: "q", class: "visually-hidden" }, "Search projects"),
    h("input", { type: "search", id: "q", name: "q", value: words, placeholder: "Search projects", maxlength: 200 }),
    h("button", { type: "submit" }, "Search"),
  );
}
