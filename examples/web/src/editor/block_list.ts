/** The blocks of a page in their order: to move, and to take out. */

import type { Block } from "$types/blocks.ts";
import { h } from "../dom.ts";

export function blockList(blocks: Block[], onChange: (blocks: Block[]) => void): HTMLElement {
  const without = (index: number) => blocks.filter((_, at) => at !== index);
  const moved = (from: number, to: number) => without(from).toSpliced(to, 0, blocks[from]!);
  const tool = (label: string, sign: string, disabled: boolean, next: () => Block[]) =>
    h("button", { type: "button", "aria-label": label, disabled, onclick: () => onChange(next()) }, sign);
  return h(
    "ol",
    { class: "block-list" },
    blocks.map(({ type }, index) =>
      h(
        "li",
        null,
        h("span", null, type.replaceAll("_", " ")),
        h(
          "span",
          { class: "tools" },
          tool(`Move ${type} up`, "↑", index === 0, () => moved(index, index - 1)),
          tool(`Move ${type} down`, "↓", index === blocks.length - 1, () => moved(index, index + 1)),
          tool(`Remove ${type}`, "×", false, () => without(index)),
        ),
      )
    ),
  );
}
