/** Which page a path shows. Links are ordinary `<a href>`: this file follows them without loading the site again. */

import { h } from "./dom.ts";
import { errorNotice } from "./ui/notice.ts";
import { hasUnsaved, mayLeave, warnBeforeUnload } from "./ui/unsaved.ts";

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

/** What the browser's history notes about an entry of this site. */
interface Entry {
  /** Its place among the entries: 0 is the first. */
  index: number;
  /** How far its page was scrolled when it was left, in pixels. */
  top: number;
}

const entry = (): Entry => ({ index: 0, top: 0, ...history.state });
const withoutHash = (href: string) => href.split("#", 1)[0];

/** Goes to a path of this site. Where text on the page is not saved, the user is asked first. */
export async function navigate(path: string): Promise<void> {
  if (!(await mayLeave())) return;
  history.pushState({ index: entry().index + 1, top: 0 } satisfies Entry, "", path);
  dispatchEvent(new Event("visit"));
}

/** Goes to a path of this site instead of the page that was asked for, which "back" then skips. */
export function redirect(path: string): void {
  history.replaceState(history.state, "", path);
  dispatchEvent(new Event("visit"));
}

/** Corrects the path of the page that is shown: it has moved, or was asked for by a former name. */
export function replacePath(path: string): void {
  if (path !== location.pathname + location.search) history.replaceState(history.state, "", path + location.hash);
}

/** Shows the page of the present path in `main`, and of each path that follows. The first pattern that fits counts. */
export function startRouter(routes: Routes, main: HTMLElement): void {
  const patterns = Object.entries(routes).map(([path, load]) => ({ pattern: toPattern(path), load }));
  let leave = new AbortController();
  let shown = { href: "", index: 0 };

  /** @param top where the page was scrolled to when it was left, in pixels */
  async function show(top = 0): Promise<void> {
    shown = { href: location.href, index: entry().index };
    leave.abort();
    leave = new AbortController();
    const { signal } = leave;
    main.setAttribute("aria-busy", "true");
    const page = await loadPage(signal).catch(errorPage);
    if (signal.aborted) return;
    shown.href = location.href; // a page may correct its path
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

  /** After a step through the history, or to another part of the page, as by "Skip to content". */
  async function follow({ state }: PopStateEvent): Promise<void> {
    if (!state) { // by a link to a part of the page: the browser adds an entry, unless it is the same part again
      const index = shown.index + (location.href === shown.href ? 0 : 1);
      history.replaceState({ index, top: scrollY } satisfies Entry, "");
    }
    const { index, top } = entry();
    if (withoutHash(location.href) === withoutHash(shown.href)) shown = { href: location.href, index };
    else if (!hasUnsaved()) void show(top);
    else {
      const steps = index - shown.index;
      history.go(-steps); // the address has changed already: the page that is still shown gets its own again
      if (await mayLeave()) history.go(steps);
    }
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
      if (!main.hasAttribute("aria-busy")) history.replaceState({ ...entry(), top: scrollY } satisfies Entry, "");
    }, 100);
  });
  addEventListener("visit", () => void show());
  addEventListener("popstate", (event) => void follow(event));
  document.addEventListener("click", followLink);
  warnBeforeUnload();
  history.replaceState(entry(), "");
  void show(entry().top);
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
  void navigate(link.pathname + link.search + link.hash);
}
