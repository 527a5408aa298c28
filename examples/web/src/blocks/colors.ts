/** Contrast by WCAG 2.2, so that every block can be read, whatever colours its design names. */

import type { Colors } from "$types/blocks.ts";

const ENOUGH = 4.5; // AA, for text of any size

/** The contrast ratio of two colours like `#1f5f4a`: 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The colour itself, or one on its way to black or white that stands out from the background. */
export function readable(color: string, background: string): string {
  const end = contrast("#000000", background) > contrast("#ffffff", background) ? 0 : 255;
  for (let share = 0; share < 1; share += 0.1) {
    const mixed = toHex(channels(color).map((value) => value + (end - value) * share));
    if (contrast(mixed, background) >= ENOUGH) return mixed;
  }
  return toHex([end, end, end]);
}

/** Gives an element a block's colours; CSS reads them from `--background`, `--text`, `--accent` and `--on-accent`. */
export function paint(element: HTMLElement, colors: Colors | null | undefined): HTMLElement {
  if (!colors) return element;
  const accent = readable(colors.accent, colors.background);
  element.classList.add("painted");
  element.style.setProperty("--background", colors.background);
  element.style.setProperty("--text", readable(colors.text, colors.background));
  element.style.setProperty("--accent", accent);
  element.style.setProperty("--on-accent", readable(colors.background, accent));
  return element;
}

const channels = (color: string) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

const toHex = (values: number[]) =>
  `#${values.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;

function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
