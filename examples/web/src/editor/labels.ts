/** Words that a project has, such as its tags: to add, and to remove. */

import { h } from "../dom.ts";
import { field, form, input, required } from "../ui/form.ts";
import { errorNotice } from "../ui/notice.ts";
import { replaceRows } from "../ui/rows.ts";

interface Store {
  /** Adds a label; gives it as it is stored. */
  add(label: string): Promise<string>;
  remove(label: string): PromiseLike<unknown>;
}

export function labelEditor(title: string, one: string, labels: string[], store: Store): HTMLElement {
  const list = h("ul", { class: "chips" });
  const outcome = h("div", { class: "outcome" });
  const box = input({ name: "label", required: true, maxlength: 80, autocapitalize: "none" });

  async function add(data: FormData): Promise<void> {
    labels.push(await store.add(required(data, "label")));
    box.value = "";
    draw();
  }

  async function remove(label: string): Promise<void> {
    await store.remove(label);
    labels.splice(labels.indexOf(label), 1);
    draw();
  }

  const complain = (error: unknown) => outcome.replaceChildren(errorNotice(error));
  const chip = (label: string) => {
    const button = h("button", {
      type: "button",
      "aria-label": `Remove ${label}`,
      onclick: () => void remove(label).catch(complain),
    }, "×");
    return h("li", null, label, " ", button);
  };
  const draw = () => replaceRows(list, labels.map(chip));
  draw();
  return h(
    "section",
    { class: "panel" },
    h("h2", null, title),
    list,
    form("Add", add, field(`New ${one}`, box)),
    outcome,
  );
}
