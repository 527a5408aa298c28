import { supabaseUrl } from "../api/supabase.ts";
import { h } from "../dom.ts";
import type { Renderer } from "./render.ts";
import type { Content, Picture } from "./types.ts";

/** A file of the project's Storage may be given by its path: it is then where the API is. */
export const resolveMedia = (url: string) => (url.startsWith("/storage/") ? supabaseUrl + url : url);

/** A picture in the width that the screen needs, from its renditions; an image of the project brings what is known of it. */
export function picture(image: Picture, content: Pick<Content, "images">, sizes: string): HTMLImageElement {
  const known = content.images.find(({ url }) => url === image.url);
  const { width, height, renditions = [] } = known ?? image;
  const widths = [...renditions, ...(width ? [{ url: image.url, width }] : [])].map((each) =>
    `${resolveMedia(each.url)} ${each.width}w`
  );
  const shown = h("img", {
    src: resolveMedia(image.url),
    ...(renditions.length ? { sizes } : {}),
    alt: image.alt_text || known?.alt_text || "",
    width,
    height,
    loading: "lazy",
    decoding: "async",
    onerror: () => shown.classList.add("broken"),
  });
  if (renditions.length) shown.srcset = widths.join(", ");
  return shown;
}

export const gallery: Renderer<"gallery"> = ({ heading, images = [], columns = 3, fit = "cover" }, content) => {
  const shown = images.length ? images.map(({ url, alt }) => ({ url, alt_text: alt ?? null })) : content.images;
  if (!shown.length) return [];
  const sizes = `(min-width: 700px) ${Math.round(100 / columns)}vw, 100vw`;
  const grid = h(
    "ul",
    { class: `grid gallery columns-${columns} ${fit}` },
    shown.map((image) => h("li", null, picture(image, content, sizes))),
  );
  return heading ? [h("h2", null, heading), grid] : [grid];
};

export const video: Renderer<"video"> = ({ url, caption, autoplay = false }, content) => {
  const own = url ? content.videos.find((film) => film.url === url) : content.videos[0];
  const address = url ?? own?.url;
  if (!address) return [];
  const said = caption ?? own?.caption;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const film = h("video", {
    src: resolveMedia(address),
    poster: own?.poster_url ? resolveMedia(own.poster_url) : null,
    controls: true,
    playsinline: true,
    preload: "metadata",
    "aria-label": said ?? "Video",
    autoplay: autoplay && !still,
    loop: autoplay,
  });
  film.muted = autoplay;
  return [h("figure", null, film, said && h("figcaption", null, said))];
};
