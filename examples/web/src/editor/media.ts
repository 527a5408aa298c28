/** The images or videos of a project: add, describe, order, remove. */

import { supabase } from "../api/supabase.ts";
import { contentTypes, type Media } from "../api/uploads.ts";
import { resolveMedia } from "../blocks/media.ts";
import { h } from "../dom.ts";
import { errorNotice } from "../ui/notice.ts";
import { replaceRows } from "../ui/rows.ts";
import { uploader } from "./uploader.ts";

const kinds = {
  image: {
    title: "Pictures",
    table: "project_images",
    words: "alt_text",
    ask: "Describe the picture",
    types: contentTypes.filter((type) => type.startsWith("image/")),
    formats: "a PNG, JPEG, WebP, GIF, AVIF or HEIC picture",
  },
  video: {
    title: "Videos",
    table: "project_videos",
    words: "caption",
    ask: "Caption",
    types: contentTypes.filter((type) => type.startsWith("video/")),
    formats: "an MP4, WebM or QuickTime video",
  },
} as const;

export function mediaEditor(projectId: string, kind: keyof typeof kinds, rows: Media[]): HTMLElement {
  const { title, table, words, ask } = kinds[kind];
  let items = [...rows];
  const list = h("ul", { class: "media" });
  const outcome = h("div", { class: "outcome" });
  const attempt = (work: () => Promise<void>) => {
    outcome.replaceChildren();
    work().catch((error: unknown) => outcome.replaceChildren(errorNotice(error)));
  };

  function add(media: Media): void {
    items = [...items.filter(({ id }) => id !== media.id), media];
    draw();
  }

  async function remove(item: Media): Promise<void> {
    await supabase.from(table).delete().eq("id", item.id).throwOnError();
    items = items.filter((each) => each !== item);
    draw();
  }

  async function move(from: number, to: number): Promise<void> {
    const ordered = [...items];
    ordered.splice(to, 0, ...ordered.splice(from, 1));
    await supabase.rpc("reorder_project_media", { project_id: projectId, kind, ids: ordered.map(({ id }) => id) })
      .throwOnError();
    items = ordered;
    draw(to);
  }

  async function describe(item: Media, value: string): Promise<void> {
    const said = value.trim() || null;
    await (kind === "image"
      ? supabase.from("project_images").update({ alt_text: said }).eq("id", item.id).throwOnError()
      : supabase.from("project_videos").update({ caption: said }).eq("id", item.id).throwOnError());
    item[words] = said;
  }

  function row(item: Media, index: number): HTMLElement {
    const shown = item.renditions?.at(-1)?.url ?? (kind === "image" ? item.url : item.poster_url);
    const name = `${kind} ${index + 1}`;
    return h(
      "li",
      null,
      shown
        ? h("img", { src: resolveMedia(shown), alt: "", loading: "lazy" })
        : h("span", { class: "film", "aria-hidden": "true" }, "▶"),
      h("input", {
        "aria-label": `${ask}, ${name}`,
        placeholder: ask,
        value: item[words] ?? "",
        maxlength: 1000,
        onchange: (event: Event) => attempt(() => describe(item, (event.target as HTMLInputElement).value)),
      }),
      h(
        "span",
        { class: "tools" },
        h("button", {
          type: "button",
          "aria-label": `Move ${name} up`,
          disabled: index === 0,
          onclick: () => attempt(() => move(index, index - 1)),
        }, "↑"),
        h("button", {
          type: "button",
          "aria-label": `Move ${name} down`,
          disabled: index === items.length - 1,
          onclick: () => attempt(() => move(index, index + 1)),
        }, "↓"),
        h(
          "button",
          { type: "button", "aria-label": `Remove ${name}`, onclick: () => attempt(() => remove(item)) },
          "×",
        ),
      ),
    );
  }

  const draw = (to?: number) => replaceRows(list, items.map(row), to);
  draw();
  return h(
    "section",
    { class: "panel" },
    h("h2", null, title),
    list,
    uploader(projectId, kinds[kind], add),
    outcome,
  );
}
