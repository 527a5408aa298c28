import type { Row } from "$types/database.ts";
import { findPage, projectsOf } from "../api/projects.ts";
import { supabase } from "../api/supabase.ts";
import { outwardLink } from "../blocks/links.ts";
import { h } from "../dom.ts";
import { NotFoundError, type Page, replacePath, type Visit } from "../router.ts";
import { avatar } from "../ui/avatar.ts";
import { projectCards } from "../ui/project_card.ts";

type Profile = Pick<
  Row<"users">,
  "id" | "username" | "name" | "headline" | "bio" | "location" | "links" | "avatar_url"
>;

export default async function profile({ params }: Visit): Promise<Page> {
  const found = await findPage(params.username!);
  if (!found) throw new NotFoundError("Nobody has this username.");
  replacePath(`/${found.username}`);
  const [{ data: user }, projects] = await Promise.all([
    supabase.from("users").select("id, username, name, headline, bio, location, links, avatar_url")
      .eq("id", found.user_id).single().throwOnError(),
    projectsOf(found.user_id),
  ]);
  const published = projects.filter(({ status }) => status === "published");
  const content = h(
    "div",
    { class: "page wide" },
    header(user),
    projectCards(published, "Nothing is published here yet."),
  );
  return { title: user.name ?? user.username, content };
}

function header(user: Profile): HTMLElement {
  const { name, username, headline, bio, location: place, links } = user;
  return h(
    "header",
    { class: "profile" },
    avatar(user, 96),
    h(
      "div",
      null,
      h("h1", null, name ?? username),
      h("p", { class: "tagline" }, headline),
      h("p", { class: "caption" }, [name && `@${username}`, place].filter(Boolean).join(" · ")),
      (bio ?? "").split(/\n\s*\n/).filter(Boolean).map((each) => h("p", { class: "bio" }, each)),
      h(
        "ul",
        { class: "chips" },
        links.map((url) => h("li", null, outwardLink({ label: shortLink(url), url }, "link"))),
      ),
    ),
  );
}

/** `https://www.example.com/ada/` -> `example.com/ada` */
const shortLink = (url: string) => url.replace(/^https?:\/\/(www\.)?/i, "").replace(/\/$/, "");
