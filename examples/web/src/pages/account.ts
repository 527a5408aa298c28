import { call } from "../api/functions.ts";
import { forgetMe, forgetSession, type Me, requireMe } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { upload } from "../api/uploads.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { avatar } from "../ui/avatar.ts";
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
    profilePanel(me),
    exportPanel(),
    deletionPanel(me),
  );
  return { title: "Account", content };
}

function profilePanel(me: Me): HTMLElement {
  const picture = h("div", null, avatar(me, 96));
  const chooser = input({ type: "file", name: "avatar", accept: "image/*" });

  async function save(data: FormData): Promise<string> {
    const username = String(data.get("username")).trim();
    await supabase.from("users").update({ username }).eq("id", me.id).throwOnError();
    const file = chooser.files?.[0];
    if (file) {
      picture.replaceChildren(
        avatar({ username, avatar_url: (await upload({ avatar: true }, file, () => {})).url }, 96),
      );
    }
    forgetMe();
    dispatchEvent(new Event("profile-changed"));
    return "Saved.";
  }

  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Profile"),
    picture,
    form(
      "Save",
      save,
      field(
        "Username",
        input({
          name: "username",
          value: me.username,
          required: true,
          maxlength: 32,
          autocapitalize: "none",
          spellcheck: false,
        }),
        "Lower-case letters, digits, - and _. Your page is at this name.",
      ),
      field("Picture", chooser),
    ),
  );
}

function exportPanel(): HTMLElement {
  const links = h("ul", { class: "plain" });

  async function ask(): Promise<string> {
    const { status, parts, expires_at } = await call("exportAccount", {});
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
