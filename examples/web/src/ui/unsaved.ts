/** Forms with text that is not sent yet: nothing of it is lost without a question. */

import { ask } from "./dialog.ts";

const changed = new Set<HTMLFormElement>();

/** Notes that the user has changed the form. */
export const markUnsaved = (form: HTMLFormElement) => void changed.add(form);

/** Notes that what the form holds is sent. */
export const markSaved = (form: HTMLFormElement) => void changed.delete(form);

/** Notes that no form on the page matters any more. */
export const discardUnsaved = () => changed.clear();

/** Whether a form on the page holds text that was not sent. */
export function hasUnsaved(): boolean {
  for (const form of changed) if (!form.isConnected) changed.delete(form); // its page was left
  return changed.size > 0;
}

/** Asks before text is lost. @returns whether the page may be left: then the text counts as discarded */
export async function mayLeave(): Promise<boolean> {
  if (!hasUnsaved()) return true;
  const leave = await ask("Leave this page? What you changed is not saved.", "Leave");
  if (leave) discardUnsaved();
  return leave;
}

/** The same question, by the browser, before the tab is closed or the site is left. */
export function warnBeforeUnload(): void {
  addEventListener("beforeunload", (event) => {
    if (hasUnsaved()) event.preventDefault();
  });
}
