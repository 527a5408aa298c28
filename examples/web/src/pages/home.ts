import { searchProjects, type Sort } from "../api/projects.ts";
import { h } from "../dom.ts";
import { navigate, type Page, type Visit } from "../router.ts";
import { actionButton, field, select } from "../ui/form.ts";
import { projectCards, projectItems } from "../ui/project_card.ts";

const sorts = { relevance: "Best match", newest: "Newest", stars: "Most stars", likes: "Most likes" };

export default async function home({ query }: Visit): Promise<Page> {
  const [words, tag] = [query.get("q") ?? "", query.get("tag") ?? ""];
  const wanted = query.get("sort") ?? "";
  const sort = wanted in sorts ? wanted as Sort : undefined;
  const found = await searchProjects(words, tag, sort);
  const list = projectCards(found.cards, words || tag ? "No project matches." : "No project is published yet.");
  const content = h(
    "div",
    { class: "page wide" },
    h(
      "div",
      { class: "intro" },
      h("h1", null, "Work worth showing"),
      h("p", { class: "tagline" }, "Projects by the people who made them, and what the world says of them."),
    ),
    search(words, sort ?? (words ? "relevance" : "newest")),
    tag && h("p", { class: "filter" }, `Tagged “${tag}” `, h("a", { href: "/" }, "Show all")),
    list,
    more(list, found.next, (cursor) => searchProjects(words, tag, sort, cursor)),
  );
  return { title: words || tag || "Portfolios", content };
}

function search(words: string, sort: Sort): HTMLElement {
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const wanted = new URLSearchParams({ q: String(data.get("q")).trim(), sort: String(data.get("sort")) });
    void navigate(`/?${wanted}`);
  };
  const form = h(
    "form",
    {
      role: "search",
      class: "search",
      onsubmit: (event: SubmitEvent) => {
        event.preventDefault();
        submit(form);
      },
    },
    h("label", { for: "q", class: "visually-hidden" }, "Search projects"),
    h("input", { type: "search", id: "q", name: "q", value: words, placeholder: "Search projects", maxlength: 200 }),
    h("button", { type: "submit" }, "Search"),
    field("Order", select("sort", sorts, sort, { onchange: () => submit(form) })),
  );
  return form;
}

type Found = Awaited<ReturnType<typeof searchProjects>>;

/** A button for the next projects, as long as there are any. */
function more(list: HTMLElement, next: string | null, load: (cursor: string) => Promise<Found>): HTMLElement | null {
  if (!next) return null;
  let cursor: string | null = next;
  const button = actionButton("Show more", async () => {
    const found: Found = await load(cursor!);
    list.append(...projectItems(found.cards));
    cursor = found.next;
    if (!cursor) button.remove();
  });
  button.classList.add("more");
  return button;
}
