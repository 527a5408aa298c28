/** Files on their way to a project: with progress, to pause, and to go on with after an interruption. */

import type { ContentType } from "$types/functions.ts";
import { keyOf, type Started, startedUploads } from "../api/started_uploads.ts";
import { InterruptedError } from "../api/resumable.ts";
import { contentTypeOf, discardStarted, type Media, upload, type UploadState } from "../api/uploads.ts";
import { h } from "../dom.ts";
import { actionButton } from "../ui/form.ts";
import { bytes } from "../ui/money.ts";
import { errorNotice, explain, successNotice } from "../ui/notice.ts";

export interface Kind {
  /** What is added, as `Pictures`. */
  title: string;
  types: ContentType[];
  /** The same in words. */
  formats: string;
}

const words: Record<UploadState, string> = {
  sending: "On its way.",
  paused: "Paused.",
  offline: "No connection. It goes on by itself.",
  checking: "Being checked.",
};

/** @param onAdded gets each file's new row */
export function uploader(projectId: string, kind: Kind, onAdded: (media: Media) => void): HTMLElement {
  const target = { project_id: projectId };
  const list = h("ul", { class: "uploads" });
  const outcome = h("div", { class: "outcome" });
  const chooser = h("input", {
    type: "file",
    accept: kind.types.join(),
    multiple: true,
    onchange: () => void addAll(),
  });

  async function addAll(): Promise<void> {
    const files = [...chooser.files ?? []];
    chooser.value = "";
    outcome.replaceChildren();
    for (const file of files) {
      await add(file).catch((error: unknown) => {
        if (error instanceof InterruptedError) return; // canceled
        outcome.append(errorNotice(new Error(`${file.name}: ${explain(error).message}`, { cause: error })));
      });
    }
  }

  async function add(file: File): Promise<void> {
    const type = contentTypeOf(file);
    if (!type || !kind.types.includes(type)) throw new Error(`This is not ${kind.formats}.`);
    unfinished.get(keyOf(target, file))?.remove();
    const row = uploadRow(file, () => chooser.focus());
    const { media, pause, resume, cancel } = upload(target, file, type, row.show);
    row.pauseButton.onclick = () => (row.state() === "sending" ? pause() : resume());
    row.cancelButton.onclick = cancel;
    list.append(row.element);
    try {
      onAdded(await media);
    } finally {
      row.remove();
    }
    outcome.append(successNotice(`${file.name} is added.`));
  }

  const unfinished = new Map(
    startedUploads(target).filter(([, { type }]) => kind.types.includes(type))
      .map(([key, started]) => [key, unfinishedRow(key, started)]),
  );
  list.append(...unfinished.values());
  const label = `Add ${kind.title.toLowerCase()}`;
  return h("div", null, list, h("p", null, h("label", { class: "button ghost file" }, label, chooser)), outcome);
}

/** @param giveFocus called where the keyboard's focus was in what goes away */
function uploadRow(file: File, giveFocus: () => void) {
  let state: UploadState = "sending";
  const progress = h("progress", { max: 1, value: 0, "aria-label": file.name });
  const status = h("span", { "aria-live": "polite" });
  const pauseButton = h("button", { type: "button", class: "ghost small" });
  const cancelButton = h("button", { type: "button", class: "ghost small" }, "Cancel");
  const buttons = h("span", { class: "actions" }, pauseButton, cancelButton);
  const element = h(
    "li",
    null,
    h("strong", null, file.name),
    progress,
    h("span", { class: "caption" }, status, ` ${bytes(file.size)}`),
    buttons,
  );
  const withoutFocus = (part: HTMLElement) => {
    if (part.contains(document.activeElement)) giveFocus();
    return part;
  };
  const show = (now: UploadState, share: number) => {
    state = now;
    progress.value = share;
    if (status.textContent !== words[now]) status.textContent = words[now];
    pauseButton.textContent = now === "sending" ? "Pause" : "Continue";
    if (now === "checking") withoutFocus(buttons);
    buttons.hidden = now === "checking";
  };
  return { element, pauseButton, cancelButton, show, state: () => state, remove: () => withoutFocus(element).remove() };
}

function unfinishedRow(key: string, { name }: Started): HTMLElement {
  const row: HTMLElement = h(
    "li",
    null,
    h("strong", null, name),
    h("span", { class: "caption" }, "Not finished. Choose the file again, and it goes on where it stopped."),
    actionButton("Discard", () => discardStarted(key).then(() => row.remove()), { class: "ghost small" }),
  );
  return row;
}
