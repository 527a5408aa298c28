/** The tags or technologies of a project: one row each. */

import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { field, form, input, text } from "../ui/form.ts";
import { errorNotice } from "../ui/notice.ts";

export function labelEditor(title: string, table: string, column: string, projectId: string, labels: string[]): HTMLElement {
  const list = h("ul", { class: "chips" });
  const outcome = h("div", { class: "outcome" });
  const box = input({ name: column, required: true, maxlength: 50, autocapitalize: "none" });

  async function add(data: FormData): Promise<void> {
    const { data: row } = await supabase
      .from(table).insert({ project_id: projectId, [column]: text(data, column) }).select(column).single<Record<string, string>>().throwOnError();
    labels.push(row[column]!);
    box.value = "";
    draw();
  }

  async function remove(label: string): Promise<void> {
    await supabase.from(table).delete().eq("project_id", projectId).eq(column, label).throwOnError();
    labels.splice(labels.indexOf(label), 1);
    draw();
  }

  const chip = (label: string) =>
    h(
      "li", null, label, " ",
      h("button", { type: "button", "aria-label": `Remove ${label}`, onclick: () => void remove(label).catch((error: unknown) => outcome.replaceChildren(errorNotice(error))) }, "×"),
    );
  const draw = () => list.replaceChildren(...labels.map(chip));
  draw();
  return h("section", { class: "panel" }, h("h2", null, title), list, form("Add", add, field(`New ${column}`, box)), outcome);
}
