/** Projects, as lists and whole. */

import type { Action, Block } from "$types/blocks.ts";
import type { Page, PageMetric, ProjectPage, Row } from "$types/database.ts";
import type { Platform } from "$types/functions.ts";
import type { Content, Metrics, Picture } from "../blocks/types.ts";
import { call } from "./functions.ts";
import { supabase } from "./supabase.ts";

export type Project = ProjectPage;
export type Status = Row<"projects">["status"];
export type Sort = "relevance" | "newest" | "stars" | "likes";

export interface Card {
  id: string;
  slug: string;
  title: string;
  short_summary: string | null;
  status: Status;
  pinned: boolean;
  users: { username: string; name: string | null; avatar_url: string | null };
  cover: Picture[];
  project_tags: { tag: string }[];
  latest_metrics: { platform: string; stars: number; likes: number }[];
}

const card =
  "id, slug, title, short_summary, status, pinned, users!inner(username, name, avatar_url), project_tags(tag), " +
  "latest_metrics(platform, stars, likes), cover:project_images(url, alt_text, width, height, renditions)";

export const projectPath = (project: { slug: string; users: { username: string } }) =>
  `/${project.users.username}/${project.slug}`;

/** A page of what matches, and the cursor of the next one. */
export async function searchProjects(query: string, tag: string, sort: Sort | undefined, cursor?: string) {
  const { data } = await supabase
    .rpc("search_projects", {
      query,
      tags: tag ? [tag] : [],
      limit: 24,
      ...(sort && { sort }),
      ...(cursor && { cursor }),
    })
    .throwOnError();
  const ids = data.projects.map(({ id }) => id);
  const cards = ids.length ? await readCards(supabase.from("projects").select(card).in("id", ids)) : [];
  return { cards: ids.flatMap((id) => cards.filter((each) => each.id === id)), next: data.next_cursor };
}

/** A user's projects in their own order, those first that are pinned. */
export function projectsOf(userId: string): Promise<Card[]> {
  const own = supabase.from("projects").select(card).eq("user_id", userId)
    .order("pinned", { ascending: false }).order("position").order("created_at", { ascending: false });
  return readCards(own);
}

/** Where a page is now, whatever former name, former slug or id it is asked for by; null where there is none. */
export async function findPage(username: string, slug?: string): Promise<Page | null> {
  const { data } = await supabase.rpc("find_page", { username, ...(slug && { slug }) }).throwOnError();
  return data;
}

/** Null where the caller may not see it. */
export async function readProject(id: string): Promise<Project | null> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return null;
  const { data } = await supabase.rpc("get_project_page", { project_id: id }).throwOnError();
  return data;
}

/** The latest numbers; null where they cannot be had now: a page is shown without them. */
export function readMetrics(id: string, days: number): Promise<Metrics | null> {
  return call("getSocialMetrics", { project_id: id, history_days: days }).catch(() => null);
}

const counted: Record<Platform, (keyof PageMetric)[]> = {
  github: ["stars", "forks", "watchers"],
  linkedin: ["likes", "comments"],
  twitter: ["likes", "retweets", "replies"],
};

/** The numbers that came with a project: nobody is asked for newer ones. */
export function storedMetrics({ latest_metrics }: Project): Metrics {
  const platforms = latest_metrics.map((row) => {
    const counts = Object.fromEntries(counted[row.platform].map((name) => [name, Number(row[name])]));
    const { as_of, recorded_at } = row;
    return [row.platform, { counts, as_of, recorded_at, stale: false, reason: null }];
  });
  return { platforms: Object.fromEntries(platforms), history: [] };
}

/** The blocks of a project's page: its published layout's, or the plain ones where nobody has designed it. */
export const blocksOf = ({ layouts }: Project): Block[] => layouts[0]?.blocks_json ?? plainBlocks;

/** A project as its blocks see it. */
export function toContent(project: Project, metrics: Metrics | null): Content {
  return {
    title: project.title,
    short_summary: project.short_summary,
    description: project.description,
    links: linksOf(project),
    images: project.project_images,
    videos: project.project_videos,
    tags: project.project_tags.map(({ tag }) => tag),
    technologies: project.project_technologies.map(({ technology }) => technology),
    owner: project.users,
    metrics,
  };
}

export const plainBlocks: Block[] = [
  { type: "hero", props: { align: "left", show_avatar: true } },
  { type: "gallery", props: { columns: 2 } },
  { type: "text", props: {} },
  { type: "video", props: {} },
  { type: "tech_list", props: {} },
  { type: "metrics", props: { platforms: ["github", "linkedin", "twitter"], show_history: true } },
  { type: "links", props: { style: "buttons" } },
  { type: "tags", props: {} },
];

function linksOf(project: Project): Action[] {
  const named: [string, string | null][] = [
    ["Open it", project.live_link],
    ["Source on GitHub", project.github_link],
    ["Post on LinkedIn", project.linkedin_link],
    ["Post on X", project.twitter_link],
  ];
  return named.flatMap(([label, url]) => (url ? [{ label, url }] : []));
}

interface CardQuery extends PromiseLike<{ data: unknown }> {
  order(column: string, options: { referencedTable: string; ascending?: boolean }): this;
  limit(count: number, options: { referencedTable: string }): this;
  throwOnError(): PromiseLike<{ data: unknown }>;
}

/** Each with one picture: its cover, else its first. */
async function readCards(query: CardQuery): Promise<Card[]> {
  const { data } = await query
    .order("is_cover", { referencedTable: "cover", ascending: false })
    .order("position", { referencedTable: "cover" })
    .limit(1, { referencedTable: "cover" })
    .throwOnError();
  return data as Card[];
}
