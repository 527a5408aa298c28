import { h } from "../dom.ts";

/**
 * Asks before something is lost, in a dialog that keeps the keyboard's focus and gives it back.
 * @returns whether the answer is yes; no, while another question is open
 */
export function ask(question: string, yes: string): Promise<boolean> {
  if (document.querySelector("dialog[open]")) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const answer = (value: string) => h("button", { value, class: value ? "danger" : "ghost" }, value || "Cancel");
  const title = h("h2", { id: "question" }, question);
  const dialog = h(
    "dialog",
    {
      "aria-labelledby": title.id,
      class: "panel",
      onclose: () => (dialog.remove(), resolve(dialog.returnValue === yes)),
    },
    h("form", { method: "dialog" }, title, h("p", { class: "actions" }, answer(""), answer(yes))),
  );
  document.body.append(dialog);
  dialog.showModal();
  return promise;
}
