import type { Row } from "$types/database.ts";
import { call } from "../api/functions.ts";
import { whoAmI } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { navigate, type Page, type Visit } from "../router.ts";
import { actionButton } from "../ui/form.ts";
import { bytes, priceOf } from "../ui/money.ts";
import { successNotice } from "../ui/notice.ts";

type Plan = Row<"plans">;

export default async function pricing({ query }: Visit): Promise<Page> {
  const [me, { data: plans }, { data: storage }] = await Promise.all([
    whoAmI(),
    supabase.from("plans").select().eq("offered", true).eq("available", true).order("amount").throwOnError(),
    supabase.from("storage_quotas").select("tier, max_bytes").throwOnError(),
  ]);
  const room = (tier: string) =>
    storage.filter((row) => row.tier === tier).map((row) => `${bytes(row.max_bytes)} of files`);
  const content = h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "intro" },
      h("h1", null, "Plans"),
      h("p", { class: "tagline" }, "Publishing is free. Pay when you want more room and more designs."),
    ),
    query.has("canceled") && successNotice("Nothing was bought."),
    h(
      "ul",
      { class: "plans" },
      h(
        "li",
        null,
        h("h2", null, "Free"),
        h("p", { class: "price" }, "$0"),
        list(["Every project published", ...room("free")]),
        me ? null : h("a", { href: "/login", class: "button ghost" }, "Sign in"),
      ),
      plans.map((plan) =>
        h(
          "li",
          null,
          h("h2", null, plan.name ?? plan.plan),
          h("p", { class: "price" }, priceOf(plan)),
          h("p", null, plan.description),
          list([
            ...(plan.features as string[]),
            ...room(plan.tier),
            ...(plan.trial_days ? [`${plan.trial_days} days free`] : []),
          ]),
          me?.tier === "paid"
            ? h("a", { href: "/settings/subscription", class: "button ghost" }, "Your plan")
            : actionButton("Choose", () => buy(plan, me !== null), {
              "aria-label": `Choose ${plan.name ?? plan.plan}, ${priceOf(plan)}`,
            }),
        )
      ),
    ),
  );
  return { title: "Plans", content };
}

const list = (items: string[]) => h("ul", { class: "ticks" }, items.map((item) => h("li", null, item)));

/** Leads to the checkout at Stripe; a user with a subscription, to the portal. */
async function buy({ plan, currency, interval }: Plan, signedIn: boolean): Promise<void> {
  if (!signedIn) return navigate("/login?next=/pricing");
  const paths = { success_path: "/settings/subscription?bought=1", cancel_path: "/pricing?canceled=1" };
  const { url } = await call("createCheckoutSession", { plan, currency, interval, ...paths });
  location.assign(url);
}
