/** The bar at the top: where one is, and who one is. */

import { signOut, whoAmI } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { avatar } from "./avatar.ts";
import { mayLeave } from "./unsaved.ts";

export function header(): HTMLElement {
  const account = h("nav", { "aria-label": "Account", class: "account" });

  async function show(): Promise<void> {
    const me = await whoAmI().catch(() => null);
    account.replaceChildren(
      ...(me
        ? [
          h("a", { href: "/dashboard" }, "Projects"),
          h("a", { href: "/settings/account" }, "Settings"),
          h("button", { type: "button", class: "quiet", onclick: leave }, "Sign out"),
          h("a", { href: `/${me.username}`, class: "me", "aria-label": "Your page" }, avatar(me)),
        ]
        : [h("a", { href: "/pricing" }, "Plans"), h("a", { href: "/login", class: "button small" }, "Sign in")]),
    );
  }

  const leave = async () => {
    if (await mayLeave()) await signOut();
  };

  // Not within the callback itself: it holds the lock that the next request waits for.
  supabase.auth.onAuthStateChange(() => void setTimeout(show));
  addEventListener("profile-changed", () => void show());
  return h("header", { class: "top" }, h("a", { href: "/", class: "brand" }, "Showcase"), account);
}
