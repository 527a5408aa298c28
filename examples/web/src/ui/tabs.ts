import { h } from "../dom.ts";

export const projectTabs = (id: string) =>
  tabs("This project", {
    [`/projects/${id}/edit`]: "Edit",
    [`/projects/${id}/design`]: "Design",
    [`/projects/${id}/numbers`]: "Numbers",
  });

export const settingsTabs = () =>
  tabs("Settings", {
    "/settings/account": "Account",
    "/settings/subscription": "Plan",
    "/settings/notifications": "E-mails",
    "/settings/qr": "QR codes",
  });

function tabs(label: string, links: Record<string, string>): HTMLElement {
  const current = (path: string) => (path === location.pathname ? "page" : null);
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    Object.entries(links).map(([href, name]) => h("a", { href, "aria-current": current(href) }, name)),
  );
}
