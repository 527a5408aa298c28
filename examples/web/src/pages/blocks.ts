/** Every block of the catalogue, and a place to try a design of one's own. */

import type { Block } from "$types/blocks.ts";
import { plainBlocks } from "../api/projects.ts";
import { exampleContent, examples } from "../blocks/examples.ts";
import { blockTypes, renderBlocks } from "../blocks/render.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { field, form, textarea } from "../ui/form.ts";

export default function gallery(): Page {
  const shown = h("div", { id: "tried" });
  const content = h(
    "div",
    { class: "page wide gallery-page" },
    h("h1", null, "All blocks"),
    h(
      "p",
      { class: "tagline" },
      "What a project's page is made of. Each takes from its project what its design leaves out.",
    ),
    h(
      "nav",
      { "aria-label": "Blocks" },
      h("ul", { class: "chips" }, blockTypes.map((type) => h("li", null, h("a", { href: `#${type}` }, type)))),
    ),
    blockTypes.map((type) =>
      h("section", { id: type, class: "sample" }, h("h2", null, type), examples[type].map((block) => sample(block)))
    ),
    h(
      "section",
      { class: "sample", id: "try" },
      h("h2", null, "Try a design"),
      form(
        "Show it",
        (data) => void shown.replaceChildren(sampleOf(parse(String(data.get("design"))))),
        field(
          "Blocks, as JSON",
          textarea({ name: "design", rows: 10, spellcheck: false, value: JSON.stringify(plainBlocks, null, 2) }),
          "An array of {type, props}: docs/blocks.schema.json.",
        ),
      ),
      shown,
    ),
  );
  return { title: "All blocks", content };
}

function parse(design: string): Block[] {
  const blocks: unknown = JSON.parse(design);
  if (!Array.isArray(blocks)) throw new Error("A design is an array of blocks.");
  return blocks as Block[];
}

const sample = (block: Block) => sampleOf([block]);

function sampleOf(blocks: Block[]): HTMLElement {
  const rendered = renderBlocks(blocks, exampleContent);
  for (const heading of rendered.querySelectorAll("h1")) {
    heading.replaceWith(h("h3", { class: `h1 ${heading.className}` }, heading.textContent));
  }
  return rendered;
}
