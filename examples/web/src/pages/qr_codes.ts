import { call } from "../api/functions.ts";
import { projectsOf } from "../api/projects.ts";
import { requireMe } from "../api/session.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { field, form, input, required, select, text } from "../ui/form.ts";
import { settingsTabs } from "../ui/tabs.ts";

export default async function qrCodes(): Promise<Page> {
  const me = await requireMe();
  const published = (await projectsOf(me.id)).filter(({ status }) => status === "published");
  const targets = {
    "": `Your page (/${me.username})`,
    ...Object.fromEntries(published.map(({ id, title }) => [id, title])),
  };
  const shown = h("div", { class: "qr", "aria-live": "polite" });

  async function make(data: FormData): Promise<void> {
    const request = {
      project_id: text(data, "project_id"),
      dark: required(data, "dark"),
      light: required(data, "light"),
    };
    const { link, png_url } = await call("generateQrCode", request);
    shown.replaceChildren(
      h("img", { src: `${png_url}?${Date.now()}`, alt: `QR code that leads to ${link}`, width: 240, height: 240 }),
      h("p", null, h("a", { href: link }, link)),
      h(
        "p",
        null,
        h("a", { href: `${png_url}?download=qr-code.png`, download: "qr-code.png", class: "button ghost" }, "Download"),
      ),
    );
  }

  const content = h(
    "div",
    { class: "page" },
    h("h1", null, "QR codes"),
    settingsTabs(),
    h(
      "section",
      { class: "panel" },
      form(
        "Make it",
        make,
        field("Leads to", select("project_id", targets, "")),
        field("Dark", input({ type: "color", name: "dark", value: "#000000" })),
        field("Light", input({ type: "color", name: "light", value: "#ffffff" })),
      ),
      shown,
    ),
  );
  return { title: "QR codes", content };
}
