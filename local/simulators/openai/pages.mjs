// Blocks for a project: every property is there, as strict structured outputs are.

const darkNotes = /\bdark(er)?\b/i;

/** The page for a request's data; a page to start from or to refine decides which blocks there are. */
export function page({ content = {}, style = {}, start_from: start, refine }) {
  if (refine) return refine.map((block) => restyled(block, style));
  const makers = blocksFor(content, colorsFor(style), style);
  const wanted = start ? start.map(({ type }) => type).filter((type) => type in makers) : Object.keys(makers);
  const order = wanted[0] === "hero" ? wanted : ["hero", ...wanted.filter((type) => type !== "hero")];
  return order.map((type) => ({ type, props: makers[type] }));
}

function blocksFor(content, colors, { density }) {
  const { title = "Untitled", short_summary: summary, description, links = [], images = [], videos = [] } = content;
  const picture = (url, index) => ({ url, alt: `${title}, picture ${index + 1}`.slice(0, 300) });
  const actions = links.map(({ label, url }) => ({ label, url }));
  const plain = { colors, heading: null };
  const blocks = {
    hero: {
      colors, title, tagline: summary || null, align: "center", image: images[0] ? picture(images[0], 0) : null,
      image_position: "above", actions: actions.slice(0, 2), show_avatar: false,
    },
    text: description && { colors, heading: "About", text: description, align: "left" },
    gallery: images.length > 1 && {
      ...plain, images: images.slice(0, 50).map(picture), columns: density === "compact" ? 4 : 2, fit: "cover",
    },
    video: videos[0] && { colors, url: videos[0], caption: null, autoplay: false },
    metrics: content.platforms?.length && { ...plain, platforms: content.platforms, layout: "row", show_history: true },
    tech_list: content.technologies?.length && { colors, heading: "Made of", items: content.technologies, style: "chips" },
    tags: content.tags?.length && { colors, items: content.tags },
    links: actions.length && { colors, heading: "Links", links: actions, style: "buttons" },
    contact: { colors, heading: "Get in touch", text: "", action: null },
  };
  return Object.fromEntries(Object.entries(blocks).filter(([, props]) => props));
}

function colorsFor({ palette = [], tone, notes }) {
  if (darkNotes.test(notes ?? "")) return { background: "#101418", text: "#e8e8e8", accent: palette[0]?.toLowerCase() ?? "#7aa2f7" };
  const [background, text, accent] = palette.map((color) => color.toLowerCase());
  const usual = tone === "bold" ? ["#1a1033", "#ffffff", "#ffcc00"] : ["#ffffff", "#222222", "#0b57d0"];
  return { background: background ?? usual[0], text: text ?? usual[1], accent: accent ?? text ?? usual[2] };
}

function restyled(block, style) {
  return { ...block, props: { ...block.props, colors: colorsFor(style) } };
}
