import { limits } from "$types/limits.ts";
import { type Project, projectPath, type Status } from "../api/projects.ts";
import { readOwnProject } from "../api/own_project.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { labelEditor } from "../editor/labels.ts";
import { previewLinks } from "../editor/preview_links.ts";
import { mediaEditor } from "../editor/media.ts";
import { navigate, type Page, type Visit } from "../router.ts";
import { actionButton, checkbox, field, form, input, required, select, text, textarea } from "../ui/form.ts";
import { ask } from "../ui/dialog.ts";
import { projectTabs } from "../ui/tabs.ts";
import { discardUnsaved } from "../ui/unsaved.ts";

const optional = ["short_summary", "description", "live_link", "github_link", "linkedin_link", "twitter_link"] as const;

const { projects } = limits;

const statuses = {
  draft: "Only you (draft)",
  published: "Everybody (published)",
  unlisted: "Anyone who has its address (unlisted)",
  archived: "Only you (archived)",
};

export default async function editProject({ params }: Visit): Promise<Page> {
  const project = await readOwnProject(params.id!);
  const { id } = project;
  const content = h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "title-row" },
      h("h1", null, project.title),
      h("a", { href: projectPath(project), class: "button ghost" }, "View"),
    ),
    projectTabs(id),
    words(project),
    previewLinks(id),
    mediaEditor(id, "image", project.project_images),
    mediaEditor(id, "video", project.project_videos),
    tagEditor(project),
    technologyEditor(project),
    h(
      "section",
      { class: "panel danger" },
      h("h2", null, "Delete"),
      h("p", null, "The project goes, with its pictures, its design and its numbers."),
      actionButton("Delete project", () => remove(project), { class: "danger" }),
    ),
  );
  return { title: `Edit ${project.title}`, content };
}

function tagEditor({ id: project_id, project_tags }: Project): HTMLElement {
  const table = () => supabase.from("project_tags");
  return labelEditor("Tags", "tag", project_tags.map(({ tag }) => tag), {
    add: async (tag) => (await table().insert({ project_id, tag }).select("tag").single().throwOnError()).data.tag,
    remove: (tag) => table().delete().match({ project_id, tag }).throwOnError(),
  });
}

function technologyEditor({ id: project_id, project_technologies }: Project): HTMLElement {
  const table = () => supabase.from("project_technologies");
  return labelEditor("Technologies", "technology", project_technologies.map(({ technology }) => technology), {
    add: async (technology) =>
      (await table().insert({ project_id, technology }).select("technology").single().throwOnError()).data.technology,
    remove: (technology) => table().delete().match({ project_id, technology }).throwOnError(),
  });
}

type Link = "live_link" | "github_link" | "linkedin_link" | "twitter_link";

function words(project: Project): HTMLElement {
  // No `type="url"`: the database takes links as they are pasted, also without a scheme.
  const link = (name: Link, placeholder: string) =>
    input({ name, inputmode: "url", value: project[name] ?? "", placeholder, maxlength: projects[name].maxLength });

  async function save(data: FormData): Promise<string> {
    const texts = Object.fromEntries(optional.map((column) => [column, text(data, column)]));
    const changes = {
      ...texts,
      title: required(data, "title"),
      slug: required(data, "slug"),
      status: required(data, "status") as Status,
      pinned: data.has("pinned"),
    };
    const { data: row } = await supabase
      .from("projects").update(changes).eq("id", project.id).select().single().throwOnError();
    // As they are stored: a link in its one form, a slug made from the title.
    for (const name of [...optional, "slug"] as const) {
      const control = editor.elements.namedItem(name);
      if (control instanceof HTMLInputElement) control.value = row[name] ?? "";
    }
    return "Saved.";
  }

  const editor = form(
    "Save",
    save,
    field("Title", input({ name: "title", value: project.title, required: true, maxlength: projects.title.maxLength })),
    field(
      "Summary",
      textarea({
        name: "short_summary",
        value: project.short_summary ?? "",
        maxlength: projects.short_summary.maxLength,
        rows: 2,
      }),
    ),
    field(
      "Description",
      textarea({
        name: "description",
        value: project.description ?? "",
        maxlength: projects.description.maxLength,
        rows: 8,
      }),
      "An empty line begins a paragraph.",
    ),
    field("Where it runs", link("live_link", "https://")),
    field("GitHub repository", link("github_link", "https://github.com/owner/name"), "Its stars are counted."),
    field("LinkedIn post", link("linkedin_link", "https://www.linkedin.com/posts/…"), "Its likes are counted."),
    field("X post", link("twitter_link", "https://x.com/name/status/…"), "Its likes are counted."),
    field(
      "Address",
      input({ name: "slug", value: project.slug, maxlength: 80, autocapitalize: "none", spellcheck: false }),
      `/${project.users.username}/… Former addresses go on leading here.`,
    ),
    field("Who sees it", select("status", statuses, project.status)),
    checkbox("Pinned: first on your page", { name: "pinned", checked: project.pinned }),
  );
  return h("section", { class: "panel" }, h("h2", null, "Words and links"), editor);
}

async function remove({ id, title }: Project): Promise<void> {
  if (!(await ask(`Delete “${title}”?`, "Delete"))) return;
  await supabase.from("projects").delete().eq("id", id).throwOnError();
  discardUnsaved();
  await navigate("/dashboard");
}
