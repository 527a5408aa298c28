/** Elements by function calls. Text is always text, never markup, so that nothing a user wrote can become a script. */

export type Child = Node | string | number | null | undefined | false | Child[];
type Value = string | number | boolean | null | undefined | ((event: never) => void);
export type Attributes = Record<string, Value>;

const SVG = "http://www.w3.org/2000/svg";
const addresses = new Set(["href", "src", "poster", "srcset"]);

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes?: Attributes | null,
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes?: Attributes | null,
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Whether an address is http(s), a path of this site, or a picture in itself: `javascript:` and its kin are not. */
export function isSafeAddress(address: string): boolean {
  if (address.startsWith("data:image/")) return true;
  return URL.canParse(address, location.origin) && /^https?:$/.test(new URL(address, location.origin).protocol);
}

function fill<Found extends Element>(
  element: Found,
  attributes: Attributes | null | undefined,
  children: Child[],
): Found {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value as EventListener);
    else if (!addresses.has(name) || isSafeAddress(String(value))) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) {
      parent.append(child instanceof Node ? child : String(child));
    }
  }
}
