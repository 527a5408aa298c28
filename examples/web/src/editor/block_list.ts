/** The blocks of a page in their order: to move, and to take out. */

import type { Block } from "$types/blocks.ts";
import { h } from "../dom.ts";
import { inWords } from "../ui/words.ts";

/** @param onChange gets the new blocks, and where the one that was moved is now */
export function blockRows(blocks: Block[], onChange: (blocks: Block[], to?: number) => void): HTMLElement[] {
  const without = (index: number) => blocks.filter((_, at) => at !== index);
  const moved = (from: number, to: number) => without(from).toSpliced(to, 0, blocks[from]!);
  const tool = (label: string, sign: string, disabled: boolean, change: () => void) =>
    h("button", { type: "button", "aria-label": label, disabled, onclick: change }, sign);
  const move = (from: number, to: number) => () => onChange(moved(from, to), to);
  return blocks.map(({ type }, index) =>
    h(
      "li",
      null,
      h("span", null, inWords(type)),
      h(
        "span",
        { class: "tools" },
        tool(`Move ${type} up`, "↑", index === 0, move(index, index - 1)),
        tool(`Move ${type} down`, "↓", index === blocks.length - 1, move(index, index + 1)),
        tool(`Remove ${type}`, "×", false, () => onChange(without(index))),
      ),
    )
  );
}
