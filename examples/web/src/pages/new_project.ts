import { requireMe } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { navigate, type Page } from "../router.ts";
import { field, form, input, required, text, textarea } from "../ui/form.ts";

export default async function newProject(): Promise<Page> {
  await requireMe();
  const content = h(
    "section",
    { class: "page narrow" },
    h("h1", null, "New project"),
    form(
      "Create draft",
      create,
      field("Title", input({ name: "title", required: true, maxlength: 200 })),
      field(
        "Summary",
        textarea({ name: "short_summary", maxlength: 500, rows: 2 }),
        "One or two sentences, for lists.",
      ),
    ),
  );
  return { title: "New project", content };
}

async function create(data: FormData): Promise<void> {
  const row = { title: required(data, "title"), short_summary: text(data, "short_summary") };
  const { data: project } = await supabase.from("projects").insert(row).select("id").single().throwOnError();
  await navigate(`/projects/${project.id}/edit`);
}
