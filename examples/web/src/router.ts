/** Which page a path shows. Links are ordinary `<a href>`: this file follows them without loading the site again. */

import { h } from "./dom.ts";
import { errorNotice } from "./ui/notice.ts";
import { mayLeave, warnBeforeUnload } from "./ui/unsaved.ts";

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

/** Goes to a path of this site; `replace`: instead of the page that is shown, which "back" then skips. */
export function navigate(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  dispatchEvent(new Event("visit"));
}

/** Corrects the path of the page that is shown: it has moved, or was asked for by a former name. */
export function replacePath(path: string): void {
  if (path !== location.pathname + location.search) history.replaceState(null, "", path + location.hash);
}

/** Shows the page of the present path in `main`, and of each path that follows. The first pattern that fits counts. */
export function startRouter(routes: Routes, main: HTMLElement): void {
  const patterns = Object.entries(routes).map(([path, load]) => ({ pattern: toPattern(path), load }));
  let leave = new AbortController();
  let shown = "";

  /** @param top where the page was scrolled to when it was left, in pixels */
  async function show(top = 0): Promise<void> {
    shown = location.pathname + location.search;
    leave.abort();
    leave = new AbortController();
    const { signal } = leave;
    main.setAttribute("aria-busy", "true");
    const page = await loadPage(signal).catch(errorPage);
    if (signal.aborted) return;
    shown = location.pathname + location.search; // a page may correct its path
    document.title = `${page.title} · Showcase`;
    main.replaceChildren(page.content);
    main.removeAttribute("aria-busy");
    const heading = main.querySelector<HTMLElement>("h1") ?? main;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true }); // so that a screen reader reads where one is now
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
    else scrollTo(0, top);
  }

  /** A step to another part of the same page, as by "Skip to content", keeps what was typed into it. */
  function follow({ state }: PopStateEvent): void {
    if (location.pathname + location.search === shown) return;
    if (mayLeave()) void show((state as Left | null)?.top);
    else history.pushState(null, "", shown); // the path has changed already
  }

  async function loadPage(signal: AbortSignal): Promise<Page> {
    for (const { pattern, load } of patterns) {
      const found = pattern.exec(location.pathname);
      if (!found) continue;
      const groups = Object.entries(found.groups ?? {});
      const params = Object.fromEntries(groups.map(([name, value]) => [name, decode(value)]));
      return (await load()).default({ params, query: new URLSearchParams(location.search), signal });
    }
    throw new NotFoundError();
  }

  history.scrollRestoration = "manual"; // by the browser it comes before the page has its height
  let remembering: ReturnType<typeof setTimeout>;
  addEventListener("scroll", () => {
    clearTimeout(remembering);
    remembering = setTimeout(() => {
      if (!main.hasAttribute("aria-busy")) history.replaceState({ top: scrollY } satisfies Left, "");
    }, 100);
  });
  addEventListener("visit", () => void show());
  addEventListener("popstate", follow);
  document.addEventListener("click", followLink);
  warnBeforeUnload();
  void show((history.state as Left | null)?.top);
}

/** What the browser's history notes about a page: how far it was scrolled, in pixels. */
interface Left {
  top: number;
}

/** @throws NotFoundError it is no UTF-8, so that no page has this address */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new NotFoundError();
  }
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
  if (mayLeave()) navigate(link.pathname + link.search + link.hash);
}
