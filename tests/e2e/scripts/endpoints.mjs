// The endpoints of the data API, by supabase-js, as one caller; tests/e2e/test_endpoints.py does the same by supabase-py.
import { client, main, outcome } from "./supabase.mjs";

const embedded =
  "id,title,users(username),project_images(url,position),project_tags(tag),project_technologies(technology)," +
  "social_metrics(platform,stars)";

await main(async ({ url, key, token, owner, username, published, draft }) => {
  const supabase = client(url, key, token);
  const { from } = { from: (table) => supabase.from(table) };
  return {
    users: outcome(await from("users").select("id,username,email").in("id", [owner])),
    byId: outcome(await from("users").select("*").eq("id", owner)),
    byUsername: outcome(await from("users").select("id,username,email").eq("username", username).maybeSingle()),
    projects: outcome(
      await from("projects").select("id").eq("user_id", owner).order("created_at", { ascending: false }),
    ),
    embedded: outcome(await from("projects").select(embedded).eq("id", published).maybeSingle()),
    update: outcome(await from("projects").update({ short_summary: "by supabase-js" }).eq("id", draft).select("id,short_summary")),
    insert: outcome(await from("projects").insert({ user_id: owner, title: "New", status: "draft" }).select("user_id,title")),
    remove: outcome(await from("projects").delete().eq("user_id", owner).eq("title", "New").select("title")),
  };
});
