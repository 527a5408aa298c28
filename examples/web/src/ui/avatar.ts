import { h } from "../dom.ts";

/** A user's picture; their initial where there is none, or where it does not load. */
export function avatar(
  { username, avatar_url }: { username: string; avatar_url: string | null },
  size = 40,
): HTMLElement {
  const initial = h(
    "span",
    { class: "avatar", "data-size": size, "aria-hidden": "true" },
    username.charAt(0).toUpperCase(),
  );
  if (!avatar_url) return initial;
  const image = h("img", {
    class: "avatar",
    "data-size": size,
    src: avatar_url,
    alt: "",
    width: size,
    height: size,
    referrerpolicy: "no-referrer",
    onerror: () => image.replaceWith(initial),
  });
  return image;
}
