/** One design of each block at least, for the gallery page. */

import type { Colors } from "$types/blocks.ts";
import type { BlockOf, BlockType, Content } from "./types.ts";

const drawing = (label: string, hue: number) =>
  `data:image/svg+xml,${
    encodeURIComponent(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 320"><rect width="480" height="320" fill="hsl(${hue} 35% 82%)"/>` +
        `<circle cx="240" cy="160" r="96" fill="hsl(${hue} 40% 45%)"/><text x="240" y="174" font-size="40" text-anchor="middle" fill="#fff">${label}</text></svg>`,
    )
  }`;

const image = (label: string, hue: number) => ({
  url: drawing(label, hue),
  alt_text: `A drawing with the letter ${label}`,
});
const seen = { as_of: null, recorded_at: null, stale: false, reason: null };
const night: Colors = { background: "#12263a", text: "#f4f1ea", accent: "#f2b84b" };
const sand: Colors = { background: "#f3e9d8", text: "#2d2418", accent: "#8a3b12" };
const site = { label: "Open it", url: "https://example.com/" };
const points = [
  { title: "A mill", text: "Where numbers are worked on." },
  { title: "A store", text: "Where they wait, a thousand of fifty digits." },
  { title: "Cards", text: "Which say what comes next." },
];

export const exampleContent: Content = {
  title: "Analytical Engine",
  short_summary: "A general-purpose computer, in brass.",
  description:
    "It weaves algebraic patterns as the loom weaves flowers and leaves.\n\nA mill, a store and punched cards are all it needs.",
  links: [site, { label: "Source on GitHub", url: "https://github.com/ada/analytical-engine" }],
  images: [image("A", 160), image("B", 30), image("C", 220)],
  videos: [{ url: "/example.webm", caption: null, poster_url: drawing("▶", 190) }],
  tags: ["computing", "mathematics"],
  technologies: ["brass", "steam", "punched cards"],
  owner: { username: "ada", avatar_url: null },
  metrics: {
    platforms: {
      github: { counts: { stars: 1280, forks: 96, watchers: 41 }, ...seen },
      linkedin: { counts: { likes: 210, comments: 18 }, ...seen },
    },
    history: [900, 960, 1010, 1090, 1150, 1280].map((stars, day) => ({
      platform: "github",
      recorded_at: `2026-11-2${day}`,
      counts: { stars },
    })),
  },
};

export const examples: { [Type in BlockType]: BlockOf<Type>[] } = {
  hero: [
    { type: "hero", props: { actions: [site], show_avatar: true } },
    {
      type: "hero",
      props: {
        align: "left",
        image: { url: drawing("A", 160), alt: "A drawing" },
        image_position: "beside",
        colors: night,
      },
    },
  ],
  text: [{ type: "text", props: { heading: "How it works" } }, {
    type: "text",
    props: { align: "center", colors: sand },
  }],
  gallery: [{ type: "gallery", props: { heading: "Pictures" } }, {
    type: "gallery",
    props: { columns: 2, fit: "contain", colors: night },
  }],
  video: [{ type: "video", props: { caption: "The engine adds two numbers." } }],
  metrics: [
    {
      type: "metrics",
      props: { heading: "What the world says", platforms: ["github", "linkedin"], show_history: true },
    },
    { type: "metrics", props: { platforms: ["github", "linkedin"], layout: "grid", colors: night } },
  ],
  tech_list: [{ type: "tech_list", props: {} }, { type: "tech_list", props: { heading: "Parts", style: "list" } }],
  tags: [{ type: "tags", props: {} }],
  links: [{ type: "links", props: { heading: "Links" } }, { type: "links", props: { style: "list", colors: sand } }],
  contact: [{ type: "contact", props: { heading: "Say hello", text: "I answer every letter.", colors: sand } }],
  features: [{ type: "features", props: { heading: "Parts", items: points } }],
  steps: [{ type: "steps", props: { heading: "How a number is made", items: points } }],
  quote: [{
    type: "quote",
    props: { text: "The engine has no pretensions whatever to originate anything.", source: "Ada Lovelace, Note G" },
  }],
  call_to_action: [{
    type: "call_to_action",
    props: { title: "See it at work", text: "Every day at noon.", action: site, colors: night },
  }],
  divider: [{ type: "divider", props: {} }, { type: "divider", props: { style: "space", size: "small" } }],
  columns: [{
    type: "columns",
    props: {
      widths: [2, 1],
      columns: [[{ type: "text", props: { heading: "On the left" } }], [{ type: "tags", props: {} }, {
        type: "links",
        props: { style: "list" },
      }]],
    },
  }],
};
