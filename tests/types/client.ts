// Compiled only: a client that does everything, and what the types must refuse.
import { createClient } from "@supabase/supabase-js";
import type { Block } from "../../supabase/types/blocks.ts";
import type { Database, Insert, Row, Update } from "../../supabase/types/database.ts";
import { type FieldRule, fieldRules, limits } from "../../supabase/types/limits.ts";
import { type Client, fieldError, invoke, stream } from "../../supabase/types/showcase.ts";

const client: Client = createClient<Database>("http://127.0.0.1:54321", "publishable key");

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const holds = <_T extends true>() => {};

export async function readsAndEmbeds() {
  const { data } = await client
    .from("projects")
    .select("title, status, users(username, tier), project_images(url, renditions), project_tags(tag)")
    .eq("status", "published")
    .single();
  if (!data) return;
  holds<Equals<typeof data.status, "draft" | "published" | "unlisted" | "archived">>();
  holds<Equals<typeof data.users.tier, "free" | "paid">>();
  holds<Equals<typeof data.project_tags, { tag: string }[]>>();
  const widths: number[] = data.project_images.flatMap((image) => image.renditions.map((each) => each.width));
  // @ts-expect-error: there is no such status
  client.from("projects").select().eq("status", "publishd");
  // @ts-expect-error: there is no such column
  data.nonsense;
  const { data: numbers } = await client.from("projects").select("title, latest_metrics(platform, stars)").single();
  const starred: number = (numbers?.latest_metrics ?? []).reduce((sum, { stars }) => sum + stars, 0);
  const { data: layout } = await client.from("layouts").select("blocks_json").single();
  holds<Equals<NonNullable<typeof layout>["blocks_json"], Block[]>>();
  return [starred, ...widths];
}

export async function readsEverythingThatIsPublic() {
  await client.from("plans").select();
  await client.from("templates").select("name, blocks_json");
  await client.from("social_metrics").select("platform, stars, recorded_at");
  await client.from("subscriptions").select();
  await client.from("invoices").select();
  await client.from("notifications").select("type, status");
  const { data } = await client.from("users").select("username, projects(title)").eq("username", "ada").single();
  holds<Equals<NonNullable<typeof data>["projects"], { title: string }[]>>();
}

export async function writes(userId: string) {
  const project: Insert<"projects"> = { title: "Engine", github_link: "https://github.com/ada/engine" };
  const { data } = await client.from("projects").insert(project).select().single();
  const changed: Update<"projects"> = { status: "published" };
  await client.from("projects").update(changed).eq("id", (data as Row<"projects">).id);
  await client.from("project_tags").insert([{ project_id: "id", tag: "mathematics" }]);
  await client.from("users").update({ username: "ada", avatar_url: null }).eq("id", userId);
  await client.from("notification_preferences").upsert({ type: "weekly_metrics", enabled: true });
  const blocks: Block[] = [{ type: "hero", props: { title: "Engine" } }, { type: "divider", props: {} }];
  await client.from("layouts").insert({ name: "Page", blocks_json: blocks, published: true });
  await client.from("layouts").delete().eq("id", "id");

  // @ts-expect-error: nobody gives themselves a tier
  await client.from("users").update({ tier: "paid" }).eq("id", userId);
  // @ts-expect-error: a project has a title
  await client.from("projects").insert({ short_summary: "No title" });
  // @ts-expect-error: there is no such status
  await client.from("projects").update({ status: "public" });
  // @ts-expect-error: handlers write metrics
  await client.from("social_metrics").insert({ project_id: "id", platform: "github", stars: 1000 });
  // @ts-expect-error: plans are read only
  await client.from("plans").update({ tier: "paid" });
  // @ts-expect-error: there is no such block
  await client.from("layouts").insert({ name: "Page", blocks_json: [{ type: "marquee", props: {} }] });
  // @ts-expect-error: profiles are made by signing in
  await client.from("users").insert({ username: "ada" });
}

export async function callsRpcs(ids: string[]) {
  const { data: metrics } = await client.rpc("get_project_metrics", { project_id: "id", history_days: 30 });
  const stars: number | undefined = metrics?.snapshots[0]?.stars;
  const { data: plan } = await client.rpc("get_my_plan");
  holds<Equals<NonNullable<typeof plan>["tier"], "free" | "paid">>();
  await client.rpc("get_storage_usage");
  await client.rpc("reorder_project_media", { project_id: "id", kind: "image", ids });
  // @ts-expect-error: only handlers call it
  await client.rpc("refresh_tier", { user_id: "id" });
  return stars;
}

export async function callsFunctions(file: File) {
  const { data, error } = await invoke(client, "getSocialMetrics", { project_id: "id" });
  if (error) {
    if (error.code === "project_not_found" || error.code === "network_error") return error.request_id;
    // @ts-expect-error: there is no such code
    return error.code === "no_such_code" ? "" : error.detail;
  }
  data.project_id.toUpperCase();
  const request = { project_id: "id", content_type: "image/png", size: file.size } as const;
  const upload = await invoke(client, "createUploadUrl", request, { timeout: 10_000 });
  if (upload.data) await invoke(client, "confirmUpload", { upload_id: upload.data.upload_id });
  await invoke(client, "getUpload", { upload_id: "id" });
  // @ts-expect-error: a job, which clients do not call
  await invoke(client, "refreshSocialMetrics", {});
  // @ts-expect-error: the plan is missing
  await invoke(client, "createCheckoutSession", { success_path: "/", cancel_path: "/" });

  const blocks: Block[] = [];
  for await (const { event, data } of stream(client, "aiDesignAssistant", { project_id: "id" })) {
    if (event === "block") blocks[data.index] = data.block;
    if (event === "error") return data.detail;
  }
  // @ts-expect-error: it does not stream
  stream(client, "getSocialMetrics", {});
  return blocks;
}

export async function showsErrorsInForms(): Promise<string> {
  const longest: number = limits.projects.title.maxLength;
  const { data } = await client.from("field_rules").select();
  const rules: readonly FieldRule[] = data ?? fieldRules;
  const { error } = await client.from("projects").insert({ title: "x".repeat(longest + 1) });
  if (!error) return "";
  const { field, message } = fieldError(error, rules);
  // @ts-expect-error: rules are read only
  await client.from("field_rules").update({ message: "Anything goes." });
  return field === "title" ? message : "";
}
