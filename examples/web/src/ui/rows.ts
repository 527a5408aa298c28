/** Lists whose rows have buttons: drawn again, they keep the keyboard's focus. */

/** Replaces all rows. The focus that was in one goes to row `to`, or the one at its place, and there to the same button. */
export function replaceRows(list: HTMLElement, rows: HTMLElement[], to?: number): void {
  const focused = document.activeElement;
  const at = [...list.children].findIndex((row) => row.contains(focused));
  const tool = at < 0 ? -1 : buttonsOf(list.children[at]!).findIndex((button) => button === focused);
  list.replaceChildren(...rows);
  if (tool < 0) return;
  const row = rows[Math.min(to ?? at, rows.length - 1)];
  const buttons = row ? buttonsOf(row) : [];
  const next = [buttons[tool], ...buttons].find((button) => button && !button.disabled);
  if (next) next.focus();
  else {
    list.tabIndex = -1;
    list.focus();
  }
}

const buttonsOf = (row: Element) => [...row.querySelectorAll("button")];
