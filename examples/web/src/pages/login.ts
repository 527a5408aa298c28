import { signIn, whoAmI } from "../api/session.ts";
import { h } from "../dom.ts";
import { type Page, redirect, type Visit } from "../router.ts";
import { actionButton } from "../ui/form.ts";
import { errorNotice } from "../ui/notice.ts";

export default async function login({ query }: Visit): Promise<Page> {
  const wanted = query.get("next") ?? "/dashboard";
  const next = /^\/(?![/\\])/.test(wanted) ? wanted : "/dashboard"; // a path of this site, nothing else
  if (await whoAmI()) {
    redirect(next);
    return { title: "Sign in", content: h("p") };
  }
  const refused = query.get("error_description");
  const content = h(
    "section",
    { class: "page narrow centered" },
    h("h1", null, "Sign in"),
    h("p", null, "Show your projects, see what they earn, and let an assistant design their pages."),
    refused && errorNotice(new Error(refused)),
    actionButton("Continue with Google", () => signIn(next), { class: "large" }),
  );
  return { title: "Sign in", content };
}
