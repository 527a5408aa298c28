/** Links that show a project to anyone who has them, before it is published: to make, and to revoke. */

import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { actionButton } from "../ui/form.ts";
import { day } from "../ui/money.ts";

export function previewLinks(projectId: string): HTMLElement {
  const list = h("ul", { class: "plain" });

  async function create(): Promise<void> {
    const { data } = await supabase.rpc("create_project_preview", { project_id: projectId }).throwOnError();
    const address = `${location.origin}/projects/preview/${data.token}`;
    const item: HTMLElement = h(
      "li",
      null,
      h("a", { href: address }, address),
      ` until ${day(data.expires_at)} `,
      actionButton("Revoke", () => revoke(data.id, item), { class: "quiet" }),
    );
    list.append(item);
  }

  async function revoke(id: string, item: HTMLElement): Promise<void> {
    await supabase.from("project_previews").delete().eq("id", id).throwOnError();
    item.remove();
  }

  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Preview"),
    h("p", null, "A link that shows this page to anyone who has it, whatever its status. It is shown this once."),
    list,
    actionButton("Make a preview link", create, { class: "ghost" }),
  );
}
