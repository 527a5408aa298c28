/** A design on the screen: each block of the catalogue has one renderer, and a design is the list of them. */

import type { Block } from "$types/blocks.ts";
import { h } from "../dom.ts";
import { paint } from "./colors.ts";
import { callToAction, contact, links } from "./links.ts";
import { features, steps, tags, techList } from "./lists.ts";
import { gallery, video } from "./media.ts";
import { metrics } from "./metrics.ts";
import { divider, hero, quote, text } from "./texts.ts";
import type { BlockOf, BlockType, Content } from "./types.ts";

export type Renderer<Type extends BlockType> = (props: BlockOf<Type>["props"], content: Content) => Node[];

const renderers: { [Type in BlockType]: Renderer<Type> } = {
  hero,
  text,
  gallery,
  video,
  metrics,
  tech_list: techList,
  tags,
  links,
  contact,
  features,
  steps,
  quote,
  call_to_action: callToAction,
  divider,
  columns: ({ columns, widths = [] }, content) =>
    columns.map((blocks, index) => {
      const column = h("div", { class: "column" }, blocks.map((block) => renderBlock(block, content)));
      column.style.setProperty("flex-grow", String(widths[index] ?? 1));
      return column;
    }),
};

/** A whole page. Exactly one heading is the page's: the first hero's, else the project's title. */
export function renderBlocks(blocks: Block[], content: Content): HTMLElement {
  const sections = blocks.map((block) => renderBlock(block, content));
  const page = h("article", { class: "blocks" }, sections);
  const background = (index: number) => blocks[index]?.props.colors?.background;
  for (const [index, section] of sections.entries()) {
    if (index && background(index) === background(index - 1)) section.classList.add("joined");
  }
  const [first, ...others] = page.querySelectorAll("h1");
  for (const heading of others) heading.replaceWith(h("h2", { class: heading.className }, heading.textContent));
  if (!first) page.prepend(h("h1", { class: "visually-hidden" }, content.title));
  return page;
}

/** One block; of a type that this site does not know yet, nothing. */
export function renderBlock(block: Block, content: Content): HTMLElement {
  const render = renderers[block.type] as Renderer<BlockType> | undefined;
  const nodes = render?.(block.props as never, content) ?? [];
  const section = h(
    "section",
    { class: `block block-${block.type.replaceAll("_", "-")}`, hidden: nodes.length === 0 },
    nodes,
  );
  return paint(section, block.props.colors);
}

export const blockTypes = Object.keys(renderers) as BlockType[];
