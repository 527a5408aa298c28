/** The images or videos of a project: add with progress, describe, order, remove. */

import { supabase } from "../api/supabase.ts";
import { type Media, upload } from "../api/uploads.ts";
import { resolveMedia } from "../blocks/media.ts";
import { h } from "../dom.ts";
import { errorNotice } from "../ui/notice.ts";

const kinds = {
  image: {
    title: "Pictures",
    table: "project_images",
    words: "alt_text",
    ask: "Describe the picture",
    accept: "image/png,image/jpeg,image/webp,image/gif,image/avif,image/heic",
  },
  video: {
    title: "Videos",
    table: "project_videos",
    words: "caption",
    ask: "Caption",
    accept: "video/mp4,video/webm,video/quicktime",
  },
} as const;

export function mediaEditor(projectId: string, kind: keyof typeof kinds, rows: Media[]): HTMLElement {
  const { title, table, words, ask, accept } = kinds[kind];
  let items = [...rows];
  const list = h("ul", { class: "media" });
  const outcome = h("div", { class: "outcome" });
  const progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const chooser = h("input", {
    type: "file",
    accept,
    multiple: true,
    id: `add-${kind}`,
    onchange: () => attempt(addFiles),
  });

  const attempt = (work: () => Promise<void>) => {
    outcome.replaceChildren();
    work().catch((error: unknown) => outcome.replaceChildren(errorNotice(error)));
  };

  async function addFiles(): Promise<void> {
    progress.hidden = false;
    try {
      for (const file of chooser.files ?? []) {
        items.push(await upload({ project_id: projectId }, file, (share) => void (progress.value = share)));
        draw();
      }
    } finally {
      progress.hidden = true;
      chooser.value = "";
    }
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
    draw();
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

  const draw = () => list.replaceChildren(...items.map(row));
  draw();
  return h(
    "section",
    { class: "panel" },
    h("h2", null, title),
    list,
    h("p", null, h("label", { class: "button ghost file", for: chooser.id }, `Add ${title.toLowerCase()}`, chooser)),
    progress,
    outcome,
  );
}
