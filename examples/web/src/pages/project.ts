import { blocksOf, findPage, type Project, projectPath, readMetrics, readProject, toContent } from "../api/projects.ts";
import { type Me, whoAmI } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { renderBlocks } from "../blocks/render.ts";
import type { Metrics } from "../blocks/types.ts";
import { h } from "../dom.ts";
import { NotFoundError, type Page, replacePath, type Visit } from "../router.ts";
import { avatar } from "../ui/avatar.ts";
import { contactForm, reportForm } from "../ui/visitor_forms.ts";

/** By its address, a former one, or the id that a QR code has. */
export default async function project({ params, query }: Visit): Promise<Page> {
  const [found, me] = await Promise.all([findPage(params.username!, params.project!), whoAmI()]);
  const shown = found?.project_id ? await readProject(found.project_id) : null;
  if (!shown) throw new NotFoundError();
  replacePath(projectPath(shown) + (query.size ? `?${query}` : ""));
  const isOwner = me?.id === shown.user_id;
  if (!isOwner) void supabase.rpc("record_project_view", { project_id: shown.id }).then(() => {});
  const metrics = await readMetrics(shown.id, 30);
  return { title: shown.title, content: projectContent(shown, metrics, isOwner ? me : null) };
}

export function projectContent(project: Project, metrics: Metrics | null, owner: Me | null): HTMLElement {
  const { users } = project;
  return h(
    "div",
    { class: "project" },
    owner && ownerBar(project),
    renderBlocks(blocksOf(project), toContent(project, metrics)),
    h(
      "p",
      { class: "by" },
      h("a", { href: `/${users.username}` }, avatar(users, 32), `More by ${users.name ?? users.username}`),
    ),
    !owner && h("div", { class: "page" }, contactForm(project.id), reportForm(project.id)),
  );
}

function ownerBar({ id, status, hidden_reason }: Project): HTMLElement {
  const seen =
    { published: "Published.", unlisted: "Seen by anyone who has its address.", draft: "", archived: "" }[status];
  return h(
    "p",
    { class: "owner-bar" },
    hidden_reason ? `Hidden by us: ${hidden_reason}` : seen || "Only you see this page.",
    h("a", { href: `/projects/${id}/edit` }, "Edit"),
    h("a", { href: `/projects/${id}/design` }, "Design"),
    h("a", { href: `/projects/${id}/numbers` }, "Numbers"),
  );
}
