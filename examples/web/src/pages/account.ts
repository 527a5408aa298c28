import type { Functions } from "$types/functions.ts";
import { call } from "../api/functions.ts";
import { forgetSession, type Me, requireMe } from "../api/session.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { profilePanel } from "../editor/profile.ts";
import { actionButton, field, form, input } from "../ui/form.ts";
import { bytes, day } from "../ui/money.ts";
import { settingsTabs } from "../ui/tabs.ts";

export default async function account(): Promise<Page> {
  const me = await requireMe();
  const content = h(
    "div",
    { class: "page" },
    h("h1", null, "Account"),
    settingsTabs(),
    await profilePanel(me),
    exportPanel(),
    deletionPanel(me),
  );
  return { title: "Account", content };
}

/** Asking again asks for the same archive, and works on it; a large one goes on without us. */
async function waitForExport(): Promise<Functions["exportAccount"]["Response"]> {
  for (let left = 12;; left--) {
    const answer = await call("exportAccount", {});
    if (answer.status === "done" || left === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
}

function exportPanel(): HTMLElement {
  const links = h("ul", { class: "plain" });

  async function ask(): Promise<string> {
    const { status, parts, expires_at } = await waitForExport();
    links.replaceChildren(
      ...parts.map(({ url, size }, index) =>
        h("li", null, h("a", { href: url, download: "" }, `Part ${index + 1} (${bytes(size)})`))
      ),
    );
    return status === "done"
      ? `Your data is ready until ${day(expires_at)}.`
      : "Your data is being collected. An e-mail brings the links.";
  }

  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Your data"),
    h("p", null, "Everything that is stored of you, as files."),
    actionButton("Export my data", ask),
    links,
  );
}

function deletionPanel(me: Me): HTMLElement {
  async function leave(data: FormData): Promise<void> {
    await call("deleteAccount", { username: String(data.get("confirmation")).trim() });
    forgetSession();
  }

  return h(
    "section",
    { class: "panel danger" },
    h("h2", null, "Leave"),
    h("p", null, "Your plan ends, and your projects, files and account go for good."),
    form(
      "Delete my account",
      leave,
      field(
        "Type your username to confirm",
        input({ name: "confirmation", required: true, autocomplete: "off", pattern: `\\s*${me.username}\\s*` }),
      ),
    ),
  );
}
