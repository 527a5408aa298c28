// A page as it is used by the keyboard alone. What has the focus must be seen to have it.

/** `{ press, type, choose, files, hidden }`; `hidden` lists what had the focus and did not show it. */
export function keyboard(page) {
  const hidden = [];
  // While anyone listens, dialogs for files are ours: a listener that comes with the key may come after it.
  page.on("filechooser", () => {});

  /** Tab, or Shift+Tab where it lies before, until it has the focus. */
  async function reach(locator) {
    await locator.waitFor();
    for (let rounds = 0; rounds < 20; rounds++) {
      const { key, times } = await locator.evaluate(wayTo);
      if (!times) return void await check();
      for (let presses = 0; presses < times; presses++) await page.keyboard.press(key);
    }
    throw new Error(`the keyboard does not reach ${locator}`);
  }

  async function check() {
    const problem = await page.evaluate(unseenFocus);
    if (problem) hidden.push(`${page.url()}: ${problem}`);
  }

  return {
    hidden,
    reach,
    async press(locator, key = "Enter") {
      await reach(locator);
      await page.keyboard.press(key);
    },
    async type(locator, text) {
      await reach(locator);
      await page.keyboard.press("Control+a");
      await (text ? page.keyboard.type(text) : page.keyboard.press("Delete"));
    },
    /** An option of a closed list, by its first letter: of more, a busy machine may make several words. */
    async choose(locator, letter) {
      await reach(locator);
      await page.keyboard.press(letter);
    },
    async files(locator, files) {
      await reach(locator);
      const chooser = page.waitForEvent("filechooser");
      await page.keyboard.press("Space");
      await (await chooser).setFiles(files);
    },
  };
}

/** Runs in the page: the key that leads from the focus to an element, and at least how often; 0 times where it has it. */
function wayTo(element) {
  const focused = document.activeElement;
  if (focused === element) return { times: 0 };
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const isBefore = (one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  const isForward = focused === document.body || isBefore(focused, element);
  const [first, last] = isForward ? [focused, element] : [element, focused];
  const between = stops.filter((stop) => isBefore(first, stop) && isBefore(stop, last) && stop.tabIndex >= 0 && !stop.disabled && stop.checkVisibility());
  return { key: isForward ? "Tab" : "Shift+Tab", times: Math.max(1, between.length) };
}

/** Runs in the page: why one does not see where the focus is; null where one does. */
function unseenFocus() {
  const focused = document.activeElement;
  const shown = focused.closest("label.file") ?? focused; // a label stands for the control within
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const { left, top, width, height } = shown.getBoundingClientRect();
  const name = `${focused.localName} ${focused.computedName}`;
  if (outlineStyle === "none" || parseFloat(outlineWidth) === 0) return `${name} has no outline`;
  const front = document.elementFromPoint(left + Math.min(width / 2, 20), top + height / 2);
  return shown.contains(front) || front?.contains(shown) ? null : `${name} is out of sight`;
}
