import { projectsOf } from "../api/projects.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { notFound, type Page, type Visit } from "../router.ts";
import { avatar } from "../ui/avatar.ts";
import { projectCards } from "../ui/project_card.ts";

interface Profile {
  id: string;
  username: string;
  avatar_url: string | null;
}

export default async function profile({ params }: Visit): Promise<Page> {
  const username = params.username!.toLowerCase();
  const { data: user } = await supabase
    .from("users").select("id, username, avatar_url").eq("username", username).maybeSingle<Profile>().throwOnError();
  if (!user) return notFound("Nobody has this username.");
  const projects = (await projectsOf(user)).filter(({ status }) => status === "published");
  const content = h(
    "div",
    { class: "page wide" },
    h("header", { class: "profile" }, avatar(user, 96), h("h1", null, user.username)),
    projectCards(projects, "Nothing is published here yet."),
  );
  return { title: user.username, content };
}
