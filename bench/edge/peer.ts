// The Deno peer of getSocialMetrics: what a developer who follows Supabase's guide to edge functions would write. It calls
// the same database function as the caller and answers the same JSON; whose token it is, PostgREST checks.
import { createClient } from "@supabase/supabase-js";

const CORS = {
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Headers": "authorization, x-client-info, apikey, content-type",
};
const COUNTED: Record<string, string[]> = {
  github: ["stars", "forks", "watchers"],
  linkedin: ["likes", "comments"],
  twitter: ["likes", "retweets", "replies"],
};
const DAY = 24 * 60 * 60 * 1000;

// deno-lint-ignore no-explicit-any
type Row = Record<string, any>;

const counts = (row: Row) => Object.fromEntries(COUNTED[row.platform].map((name) => [name, row[name]]));

function answer(projectId: string, project: Row) {
  const platforms = Object.keys(COUNTED).filter((platform) =>
    project[`${platform}_link`] || project.snapshots.some((row: Row) => row.platform === platform)
  );
  return {
    project_id: projectId,
    platforms: Object.fromEntries(platforms.map((platform) => {
      const row = project.snapshots.find((row: Row) => row.platform === platform);
      return [platform, {
        counts: row ? counts(row) : null,
        recorded_at: row?.recorded_at ?? null,
        as_of: row?.as_of ?? null,
        stale: !row || Date.now() - Date.parse(row.as_of) > DAY,
        reason: null,
      }];
    })),
    history: project.history.map((row: Row) => ({ platform: row.platform, recorded_at: row.recorded_at, counts: counts(row) })),
    views: project.views,
  };
}

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.env.get("PORT")) }, async (request) => {
  if (request.method === "OPTIONS") return new Response("ok", { headers: CORS });
  const { project_id, history_days = 0 } = await request.json();
  const supabase = createClient(Deno.env.get("SUPABASE_URL")!, Deno.env.get("SUPABASE_PUBLISHABLE_KEY")!, {
    global: { headers: { Authorization: request.headers.get("Authorization")! } },
  });
  const { data, error } = await supabase.rpc("get_project_metrics", { project_id, history_days });
  if (error) return Response.json({ error: error.message }, { status: 500, headers: CORS });
  if (!data) return Response.json({ error: "There is no such project." }, { status: 404, headers: CORS });
  return Response.json(answer(project_id, data), { headers: CORS });
});
