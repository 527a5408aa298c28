/** The block catalogue (docs/blocks.schema.json), as a page meets it: what has a default may be missing. */

export interface Colors {
  background: string;
  text: string;
  accent: string;
}
export interface Image {
  url: string;
  alt?: string;
}
export interface Action {
  label: string;
  url: string;
}
export interface Entry {
  title: string;
  text?: string;
}
export type Platform = "github" | "linkedin" | "twitter";
type Align = "left" | "center";
type Heading = { heading?: string | null };

export interface Props {
  hero: {
    title?: string | null; tagline?: string | null; align?: Align; image?: Image | null;
    image_position?: "above" | "beside"; actions?: Action[]; show_avatar?: boolean;
  };
  text: Heading & { text?: string | null; align?: Align };
  gallery: Heading & { images?: Image[]; columns?: number; fit?: "cover" | "contain" };
  video: { url?: string | null; caption?: string | null; autoplay?: boolean };
  metrics: Heading & { platforms: Platform[]; layout?: "row" | "grid"; show_history?: boolean };
  tech_list: Heading & { items?: string[]; style?: "chips" | "list" };
  tags: { items?: string[] };
  links: Heading & { links?: Action[]; style?: "buttons" | "list" };
  contact: { heading: string; text?: string; action?: Action | null };
  features: Heading & { items: Entry[]; columns?: number };
  steps: Heading & { items: Entry[] };
  quote: { text: string; source?: string | null };
  call_to_action: { title: string; text?: string; action: Action };
  divider: { style?: "line" | "space"; size?: "small" | "medium" | "large" };
  columns: { columns: Block[][]; widths?: number[] };
}

export type BlockType = keyof Props;
export type Block = { [Type in BlockType]: { type: Type; props: Props[Type] & { colors?: Colors | null } } }[BlockType];

export interface Picture {
  url: string;
  alt_text: string | null;
  width?: number | null;
  height?: number | null;
  renditions?: { url: string; width: number; height: number }[];
}

export interface Film {
  url: string;
  caption: string | null;
  poster_url: string | null;
}

export interface PlatformMetrics {
  counts: Record<string, number> | null;
  as_of: string | null;
  reason: string | null;
}

export interface Metrics {
  platforms: Partial<Record<Platform, PlatformMetrics>>;
  history: { platform: Platform; recorded_at: string; counts: Record<string, number> }[];
}

/** What blocks take from their project where they say nothing themselves. */
export interface Content {
  title: string;
  short_summary: string | null;
  description: string | null;
  links: Action[];
  images: Picture[];
  videos: Film[];
  tags: string[];
  technologies: string[];
  owner: { username: string; avatar_url: string | null };
  metrics: Metrics | null;
}
