/** Reading projects, as lists and whole. */

import type { Action, Block } from "$types/blocks.ts";
import type { Content, Film, Metrics, Picture } from "../blocks/types.ts";
import { call } from "./functions.ts";
import { supabase } from "./supabase.ts";

export type Status = "draft" | "published" | "archived";

export interface Card {
  id: string;
  title: string;
  short_summary: string | null;
  status: Status;
  users: { username: string; avatar_url: string | null };
  cover: Picture[];
  project_tags: { tag: string }[];
}

export interface Project extends Omit<Card, "cover"> {
  user_id: string;
  description: string | null;
  live_link: string | null;
  github_link: string | null;
  linkedin_link: string | null;
  twitter_link: string | null;
  project_images: (Picture & { id: string; position: number; is_cover: boolean })[];
  project_videos: (Film & { id: string; position: number })[];
  project_technologies: { technology: string }[];
}

const card = "id, title, short_summary, status, created_at, users!inner(username, avatar_url), project_tags(tag), " +
  "cover:project_images(url, alt_text, width, height, renditions)";
const whole =
  "id, user_id, title, short_summary, description, status, live_link, github_link, linkedin_link, twitter_link, " +
  "users(username, avatar_url), project_tags(tag), project_technologies(technology), " +
  "project_images(id, url, alt_text, width, height, renditions, position, is_cover), " +
  "project_videos(id, url, caption, poster_url, position)";

export const projectPath = (project: { id: string; users: { username: string } }) =>
  `/${project.users.username}/projects/${project.id}`;

/** Published projects, newest first: those whose title or summary has the words, or that have the tag. */
export async function findProjects(words: string, tag: string): Promise<Card[]> {
  const shown = tag ? `${card}, wanted:project_tags!inner()` : card;
  let query = supabase.from("projects").select(shown).eq("status", "published");
  const pattern = JSON.stringify(`*${words}*`);
  if (words) query = query.or(`title.ilike.${pattern},short_summary.ilike.${pattern}`);
  if (tag) query = query.eq("wanted.tag", tag);
  const { data } = await cardOrder(query.limit(24)).returns<Card[]>().throwOnError();
  return data;
}

export async function projectsOf(user: { id: string }): Promise<Card[]> {
  const { data } = await cardOrder(supabase.from("projects").select(card).eq("user_id", user.id)).returns<Card[]>()
    .throwOnError();
  return data;
}

export async function readProject(id: string): Promise<Project | null> {
  if (!/^[0-9a-f-]{36}$/i.test(id)) return null;
  const { data } = await supabase
    .from("projects").select(whole).eq("id", id)
    .order("position", { referencedTable: "project_images" }).order("position", { referencedTable: "project_videos" })
    .maybeSingle<Project>().throwOnError();
  return data;
}

/** The blocks of the project's published layout; null where it has none. */
export async function publishedBlocks(id: string): Promise<Block[] | null> {
  const { data } = await supabase
    .from("layouts").select("blocks_json").eq("project_id", id).eq("published", true)
    .maybeSingle<{ blocks_json: Block[] }>().throwOnError();
  return data?.blocks_json ?? null;
}

/** The latest numbers; null where they cannot be had now: a page is shown without them. */
export function readMetrics(id: string, days: number): Promise<Metrics | null> {
  return call("getSocialMetrics", { project_id: id, history_days: days }).catch(() => null);
}

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

/** The page of a project that nobody has designed. */
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

type Ordered<Query> = { order(column: string, options: object): Query; limit(count: number, options: object): Query };

/** Newest first, each with one picture: its cover, else its first. */
function cardOrder<Query extends Ordered<Query>>(query: Query): Query {
  return query
    .order("created_at", { ascending: false })
    .order("is_cover", { referencedTable: "cover", ascending: false })
    .order("position", { referencedTable: "cover" })
    .limit(1, { referencedTable: "cover" });
}
