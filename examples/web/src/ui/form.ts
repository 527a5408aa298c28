/** Form fields with labels, and forms that say what becomes of them. */

import { type Attributes, type Child, h } from "../dom.ts";
import { errorNotice, explain, successNotice } from "./notice.ts";
import { markSaved, markUnsaved } from "./unsaved.ts";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

let count = 0;

/** A label, its control, and a hint. */
export function field(label: string, control: Control, hint = ""): HTMLElement {
  control.id ||= `field-${++count}`;
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, label),
    control,
    hint && h("small", { id: hintId }, hint),
  );
}

export const input = (attributes: Attributes) => h("input", attributes);

export function textarea(attributes: Attributes & { value?: string }): HTMLTextAreaElement {
  const { value, ...rest } = attributes;
  return h("textarea", rest, value);
}

export function select(
  name: string,
  options: Record<string, string>,
  chosen: string,
  attributes: Attributes = {},
): HTMLSelectElement {
  const items = Object.entries(options).map(([value, label]) =>
    h("option", { value, selected: value === chosen }, label)
  );
  return h("select", { name, ...attributes }, items);
}

export function checkbox(label: string, attributes: Attributes): HTMLElement {
  return h("label", { class: "check" }, h("input", { type: "checkbox", ...attributes }), h("span", null, label));
}

/** The text of a field; null where it is empty, as an optional column wants it. */
export function text(data: FormData, name: string): string | null {
  return String(data.get(name) ?? "").trim() || null;
}

/** The text of a field that must be filled in. */
export const required = (data: FormData, name: string) => text(data, name) ?? "";

/**
 * A form that is busy while `submit` works and then says how it went: `submit` gives the sentence for success, or nothing.
 */
export function form(
  label: string,
  submit: (data: FormData) => Promise<string | void> | void,
  ...children: Child[]
): HTMLFormElement {
  const outcome = h("div", { class: "outcome" });
  const button = h("button", { type: "submit" }, label);
  const onsubmit = (event: SubmitEvent) => {
    event.preventDefault();
    form.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
    form.append(outcome);
    void whileBusy(button, outcome, async () => {
      try {
        markSaved(form); // before: what is typed while it is sent is unsaved again, and a submit may leave the site
        return await submit(new FormData(form));
      } catch (error) {
        markUnsaved(form);
        pointAt(form, explain(error).field, outcome);
        throw error;
      }
    });
  };
  const oninput = () => markUnsaved(form);
  const form = h(
    "form",
    { class: "form", onsubmit, oninput },
    ...children,
    h("div", { class: "actions" }, button),
    outcome,
  );
  return form;
}

/** Leads the user to the field that was refused, if the form has it, and says there why. */
function pointAt(form: HTMLFormElement, field: string | null, outcome: HTMLElement): void {
  const control = field && form.elements.namedItem(field);
  if (!(control instanceof HTMLElement)) return;
  control.setAttribute("aria-invalid", "true");
  control.closest(".field")?.append(outcome);
  control.focus();
}

/** A button that is busy while its action works; what goes wrong is said beside it. */
export function actionButton(
  label: string,
  action: () => Promise<string | void>,
  attributes: Attributes = {},
): HTMLElement {
  const outcome = h("span", { class: "outcome" });
  const button: HTMLButtonElement = h("button", {
    type: "button",
    ...attributes,
    onclick: () => void whileBusy(button, outcome, action),
  }, label);
  return h("span", { class: "action" }, button, outcome);
}

async function whileBusy(
  button: HTMLButtonElement,
  outcome: HTMLElement,
  work: () => Promise<string | void> | void,
): Promise<void> {
  button.disabled = true;
  outcome.replaceChildren();
  try {
    const said = await work();
    if (said) outcome.replaceChildren(successNotice(said));
  } catch (error) {
    outcome.replaceChildren(errorNotice(error));
  } finally {
    button.disabled = false;
    // A disabled button loses the focus.
    if (document.activeElement === document.body) button.focus({ preventScroll: true });
  }
}
