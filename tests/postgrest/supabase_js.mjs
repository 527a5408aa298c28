// Calls each method of supabase-js's query builder once. Reads {url, key, token, gallery, allOfGallery}; writes, by the method's
// name, the answer's {status, data, error, count}, and the names of all methods there are.
import { client, main } from "../e2e/scripts/supabase.mjs";

const span = "[2026-01-01,2026-02-01)";
const compiler = "Compiler";

const filters = {
  eq: (q) => q.eq("title", compiler),
  neq: (q) => q.neq("title", compiler),
  gt: (q) => q.gt("created_at", "2026-01-12"),
  gte: (q) => q.gte("created_at", "2026-01-12"),
  lt: (q) => q.lt("created_at", "2026-01-11"),
  lte: (q) => q.lte("created_at", "2026-01-11"),
  is: (q) => q.is("description", null),
  isDistinct: (q) => q.isDistinct("title", compiler),
  in: (q) => q.in("title", ["Analytical Engine", "100% *star* _under_"]),
  notIn: (q) => q.notIn("title", ["Analytical Engine", "100% *star* _under_"]),
  like: (q) => q.like("title", "%ngine"),
  likeAllOf: (q) => q.likeAllOf("title", ["%A%", "%e%"]),
  likeAnyOf: (q) => q.likeAnyOf("title", ["%ngine", "Comp%"]),
  ilike: (q) => q.ilike("title", "%ENGINE"),
  ilikeAllOf: (q) => q.ilikeAllOf("title", ["%ANA%", "%E%"]),
  ilikeAnyOf: (q) => q.ilikeAnyOf("title", ["%ENGINE", "comp%"]),
  regexMatch: (q) => q.regexMatch("title", "^Comp"),
  regexIMatch: (q) => q.regexIMatch("title", "^COMP"),
  or: (q) => q.or("title.eq.Compiler,title.like.Anal*"),
  not: (q) => q.not("title", "eq", compiler),
  filter: (q) => q.filter("title", "eq", compiler),
  match: (q) => q.match({ title: compiler, status: "published" }),
  textSearch: (q) => q.textSearch("description", "'mill' & 'store'", { config: "english" }),
  order: (q) => q.order("title"),
  limit: (q) => q.limit(2),
  range: (q) => q.range(1, 2),
  retry: (q) => q.eq("title", compiler).retry(false),
  overlaps: (q) => q.overlaps("blocks_json", ["a"]),
  rangeGt: (q) => q.rangeGt("created_at", span),
  rangeGte: (q) => q.rangeGte("created_at", span),
  rangeLt: (q) => q.rangeLt("created_at", span),
  rangeLte: (q) => q.rangeLte("created_at", span),
  rangeAdjacent: (q) => q.rangeAdjacent("created_at", span),
};

function others(supabase, { gallery, allOfGallery, user }) {
  const projects = () => supabase.from("projects");
  const stars = () => projects().select("title, description").eq("title", "100% *star* _under_");
  return {
    contains: () => supabase.from("layouts").select("title:name").contains("blocks_json", gallery),
    containedBy: () => supabase.from("templates").select("title:name").containedBy("blocks_json", allOfGallery),
    from: () => supabase.from("users").select("username").eq("username", "ada"),
    schema: () => supabase.schema("private").from("users").select("*"),
    rpc: () => supabase.rpc("get_project_metrics", { project_id: "00000000-0000-4000-8000-000000000101" }),
    select: () => projects().select("id", { count: "exact", head: true }).eq("status", "published"),
    single: () => stars().single(),
    maybeSingle: () => projects().select("title").eq("title", "nothing").maybeSingle(),
    csv: () => projects().select("title").eq("title", compiler).csv(),
    geojson: () => projects().select("title").geojson(),
    explain: () => projects().select("title").explain(),
    stripNulls: () => stars().stripNulls(),
    setHeader: () => projects().select("created_at").eq("title", compiler).setHeader("Prefer", "timezone=Asia/Tokyo"),
    abortSignal: () => projects().select("title").abortSignal(AbortSignal.abort()),
    throwOnError: () => supabase.from("no_such_table").select("*").throwOnError().then(() => null, ({ code }) => ({ error: { code } })),
    rollback: () => projects().insert({ user_id: user, title: "Rolled back" }).select("title").rollback(),
    insert: () => projects().insert([{ user_id: user, title: "Added" }]).select("title, users(username)").single(),
    upsert: () => supabase.from("notification_preferences")
      .upsert({ user_id: user, type: "weekly_metrics", enabled: true }, { onConflict: "user_id,type" }).select("enabled"),
    update: () => projects().update({ title: "Changed" }).eq("title", "Added").select("title"),
    maxAffected: () => projects().update({ title: "x" }).eq("user_id", user).maxAffected(1),
    delete: () => projects().delete({ count: "exact" }).eq("title", "Changed"),
    getOpenApiSpec: () => supabase.rest.getOpenApiSpec(),
  };
}

function methodsOf(supabase) {
  const builders = [supabase.rest, supabase.from("projects"), supabase.from("projects").select()];
  const names = new Set();
  for (let each of builders) {
    while ((each = Object.getPrototypeOf(each)) && each !== Object.prototype) {
      for (const name of Object.getOwnPropertyNames(each)) names.add(name);
    }
  }
  return [...names].filter((name) => !name.startsWith("_")).sort();
}

await main(async ({ url, key, token, ...given }) => {
  const supabase = client(url, key, token);
  const answers = {};
  const keep = async (name, asked) => {
    const { status, data, error, count } = (await asked) ?? {};
    answers[name] = { status, data, error: error && error.code, count };
  };
  for (const [name, ask] of Object.entries(filters)) {
    const table = name === "overlaps" ? ["templates", "title:name"] : ["projects", "title"];
    const asked = ask(table[0] === "projects" ? supabase.from("projects").select("title").eq("status", "published") : supabase.from(table[0]).select(table[1]));
    await keep(name, name === "order" || name === "overlaps" ? asked : asked.order("id"));
  }
  for (const [name, ask] of Object.entries(others(supabase, given))) await keep(name, ask());
  return { answers, methods: methodsOf(supabase), called: [...Object.keys(filters), ...Object.keys(others(supabase, given))] };
});
