/** Which page a path shows. Links are ordinary `<a href>`: this file follows them without loading the site again. */

import { h } from "./dom.ts";
import { errorNotice } from "./ui/notice.ts";

export interface Visit {
  params: Record<string, string>;
  query: URLSearchParams;
  /** Aborted when the user leaves the page. */
  signal: AbortSignal;
}

export interface Page {
  title: string;
  content: Node;
}

export type PageModule = { default: (visit: Visit) => Promise<Page> | Page };
/** Path pattern, `:name` standing for one part of a path -> the module of its page. */
export type Routes = Record<string, () => Promise<PageModule>>;

/** Goes to a path of this site. */
export function navigate(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Corrects the path of the page that is shown: it has moved, or was asked for by a former name. */
export function replacePath(path: string): void {
  if (path !== location.pathname + location.search) history.replaceState(null, "", path + location.hash);
}

/** Shows the page of the present path in `main`, and of each path that follows. The first pattern that fits counts. */
export function startRouter(routes: Routes, main: HTMLElement): void {
  const patterns = Object.entries(routes).map(([path, load]) => ({ pattern: toPattern(path), load }));
  let leave = new AbortController();

  async function show(): Promise<void> {
    leave.abort();
    leave = new AbortController();
    const { signal } = leave;
    main.setAttribute("aria-busy", "true");
    const page = await loadPage(signal).catch(errorPage);
    if (signal.aborted) return;
    document.title = `${page.title} · Showcase`;
    main.replaceChildren(page.content);
    main.removeAttribute("aria-busy");
    const heading = main.querySelector<HTMLElement>("h1") ?? main;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true }); // so that a screen reader reads where one is now
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
    else scrollTo(0, 0);
  }

  async function loadPage(signal: AbortSignal): Promise<Page> {
    for (const { pattern, load } of patterns) {
      const found = pattern.exec(location.pathname);
      if (!found) continue;
      const groups = Object.entries(found.groups ?? {});
      const params = Object.fromEntries(groups.map(([name, value]) => [name, decodeURIComponent(value)]));
      return (await load()).default({ params, query: new URLSearchParams(location.search), signal });
    }
    throw new NotFoundError();
  }

  addEventListener("popstate", () => void show());
  document.addEventListener("click", followLink);
  void show();
}

/** There is no such page; its message says why. */
export class NotFoundError extends Error {
  constructor(message = "The address may be mistyped, or what was here is gone.") {
    super(message);
  }
}

function errorPage(error: unknown): Page {
  if (error instanceof NotFoundError) return notFound(error.message);
  const title = "Something went wrong";
  return { title, content: h("section", { class: "page" }, h("h1", null, title), errorNotice(error)) };
}

function notFound(detail: string): Page {
  return {
    title: "Not found",
    content: h("section", { class: "page" }, h("h1", null, "There is no such page"), h("p", null, detail)),
  };
}

const toPattern = (path: string) => new RegExp(`^${path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}/?$`);

function followLink(event: MouseEvent): void {
  const link = (event.target as Element).closest("a");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link?.href || !plain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname === location.pathname && link.hash) return; // within the page
  event.preventDefault();
  navigate(link.pathname + link.search + link.hash);
}
