/** The design assistant: blocks as they stream, then the order of them, then the published page. */

import type { Block } from "$types/blocks.ts";
import { stream } from "$types/showcase.ts";
import { ProblemError } from "../api/functions.ts";
import { blocksOf, type Project, projectPath, readMetrics, toContent } from "../api/projects.ts";
import { readOwnProject } from "../api/own_project.ts";
import { supabase } from "../api/supabase.ts";
import { renderBlocks } from "../blocks/render.ts";
import { h } from "../dom.ts";
import { blockRows } from "../editor/block_list.ts";
import { type Page, type Visit } from "../router.ts";
import { actionButton, field, form, select, text, textarea } from "../ui/form.ts";
import { replaceRows } from "../ui/rows.ts";
import { projectTabs } from "../ui/tabs.ts";

const any = (words: string[]) => Object.fromEntries([["", "Any"], ...words.map((word) => [word, word])]);

export default async function assistant({ params, signal }: Visit): Promise<Page> {
  const project = await readOwnProject(params.id!);
  const content = toContent(project, await readMetrics(project.id, 30));
  const preview = h("div", { class: "preview" });
  const list = h("ol", { class: "block-list" });
  let blocks = blocksOf(project);
  let session: string | undefined;

  function show(next: Block[], to?: number): void {
    blocks = next;
    preview.replaceChildren(renderBlocks(blocks, content));
    replaceRows(list, blockRows(blocks, show), to);
  }

  async function design(data: FormData): Promise<string> {
    const style = Object.fromEntries(
      ["tone", "typography", "density", "notes"].map((name) => [name, text(data, name)]),
    );
    const request = session ? { session_id: session, style } : { project_id: project.id, style };
    let streamed: Block[] = [];
    for await (const { event, data: sent } of stream(supabase, "aiDesignAssistant", request, { signal })) {
      if (event === "block") show(streamed = [...streamed, sent.block]);
      if (event === "done") session = sent.session_id;
      if (event === "error") throw new ProblemError(sent);
    }
    return "Here it is. Say what should be different, or publish it.";
  }

  show(blocks);
  const page = h(
    "div",
    { class: "page wide assistant" },
    h(
      "div",
      { class: "title-row" },
      h("h1", null, `Design of ${project.title}`),
      h("a", { href: projectPath(project), class: "button ghost" }, "View"),
    ),
    projectTabs(project.id),
    h(
      "div",
      { class: "split" },
      h(
        "div",
        { class: "controls" },
        h(
          "section",
          { class: "panel" },
          h("h2", null, "Assistant"),
          form(
            "Design the page",
            design,
            field(
              "What you want",
              textarea({ name: "notes", rows: 3, maxlength: 2000 }),
              "In your own words: calm, with large pictures.",
            ),
            field("Tone", select("tone", any(["plain", "friendly", "formal", "playful", "bold"]), "")),
            field("Typography", select("typography", any(["sans", "serif", "mono", "mixed"]), "")),
            field("Density", select("density", any(["airy", "balanced", "compact"]), "")),
          ),
        ),
        h(
          "section",
          { class: "panel" },
          h("h2", null, "Blocks"),
          list,
          actionButton("Publish this page", () => publish(project, blocks)),
        ),
      ),
      preview,
    ),
  );
  return { title: `Design of ${project.title}`, content: page };
}

/** Stores the blocks as the project's page; the one before stays, unpublished. */
async function publish(project: Project, blocks: Block[]): Promise<string> {
  const row = { project_id: project.id, name: project.title, blocks_json: blocks, published: true };
  await supabase.from("layouts").insert(row).throwOnError();
  return "Published.";
}
