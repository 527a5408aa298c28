/** What blocks are made of, beside the catalogue itself ($types/blocks.ts). */

import type { Action, Block } from "$types/blocks.ts";
import type { Functions, Rendition } from "$types/functions.ts";

export type BlockType = Block["type"];
export type BlockOf<Type extends BlockType> = Extract<Block, { type: Type }>;

export type Metrics = Pick<Functions["getSocialMetrics"]["Response"], "platforms" | "history">;

export interface Picture {
  url: string;
  alt_text: string | null;
  width?: number | null;
  height?: number | null;
  renditions?: Rendition[];
}

export interface Film {
  url: string;
  caption: string | null;
  poster_url: string | null;
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
