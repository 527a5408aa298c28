import { plainBlocks, publishedBlocks, readMetrics, readProject, toContent } from "../api/projects.ts";
import { whoAmI } from "../api/session.ts";
import { renderBlocks } from "../blocks/render.ts";
import { h } from "../dom.ts";
import { notFound, type Page, type Visit } from "../router.ts";
import { avatar } from "../ui/avatar.ts";

export default async function project({ params }: Visit): Promise<Page> {
  const id = params.project!;
  const [found, me] = await Promise.all([readProject(id), whoAmI()]);
  if (!found) return notFound();
  const [blocks, metrics] = await Promise.all([publishedBlocks(found.id), readMetrics(found.id, 30)]);
  const { users: owner, status } = found;
  const content = h(
    "div",
    { class: "project" },
    me?.id === found.user_id && h(
      "p",
      { class: "owner-bar" },
      status === "published" ? "Published. " : "Only you see this page. ",
      h("a", { href: `/projects/${found.id}/edit` }, "Edit"),
      " ",
      h("a", { href: `/projects/${found.id}/design` }, "Design"),
      " ",
      h("a", { href: `/projects/${found.id}/numbers` }, "Numbers"),
    ),
    renderBlocks(blocks ?? plainBlocks, toContent(found, metrics)),
    h("p", { class: "by" }, h("a", { href: `/${owner.username}` }, avatar(owner, 32), `More by ${owner.username}`)),
  );
  return { title: found.title, content };
}
