import type { Plan, Row } from "$types/database.ts";
import { call } from "../api/functions.ts";
import { forgetMe, requireMe } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import type { Page, Visit } from "../router.ts";
import { actionButton } from "../ui/form.ts";
import { bytes, day, money, priceOf } from "../ui/money.ts";
import { successNotice } from "../ui/notice.ts";
import { settingsTabs } from "../ui/tabs.ts";

type Invoice = Row<"invoices">;
/** What plans are called, by their keys; they do not change while a page is shown. */
type Names = Map<string, string | null>;

const advice = {
  none: "",
  choose_plan: "",
  update_payment_method: "The last payment failed. Update your card to keep your plan.",
  complete_payment: "The first payment is not through yet.",
  add_payment_method: "Your trial ended without a card. Add one to go on.",
};

export default async function subscription({ query, signal }: Visit): Promise<Page> {
  await requireMe();
  const shown = h("div");
  const { data: plans } = await supabase.from("plans").select("plan, name").throwOnError();
  const names = new Map(plans.map(({ plan, name }) => [plan, name]));
  await draw(shown, names);
  if (query.has("bought")) void watch(shown, names, signal);
  const content = h(
    "div",
    { class: "page" },
    h("h1", null, "Plan"),
    settingsTabs(),
    query.has("bought") && successNotice("Thank you. Your plan is shown below as soon as the payment is through."),
    shown,
  );
  return { title: "Plan", content };
}

/** After a checkout Stripe's event may be some seconds behind the browser. */
async function watch(shown: HTMLElement, names: Names, signal: AbortSignal): Promise<void> {
  for (let asked = 0; asked < 60 && !signal.aborted; asked++) {
    if ((await draw(shown, names)).tier === "paid") return;
    await new Promise((resolve) => setTimeout(resolve, 1000 + 50 * asked));
  }
}

async function draw(shown: HTMLElement, names: Names): Promise<Plan> {
  const [{ data }, { data: invoices }] = await Promise.all([
    supabase.rpc("get_my_plan").throwOnError(),
    supabase.from("invoices").select().order("created_at", { ascending: false }).limit(12).throwOnError(),
  ]);
  if (!data) throw new Error("Your account is gone.");
  const plan = data;
  forgetMe();
  const name = names.get(plan.plan ?? "") ?? plan.plan;
  shown.replaceChildren(summary(plan, name), use(plan), ...(invoices.length ? [bills(invoices)] : []));
  return plan;
}

function summary(plan: Plan, name: string | null): HTMLElement {
  const { tier, status, price, renews_at, ends_at, next_step, pay_url } = plan;
  const when = ends_at ? `Ends on ${day(ends_at)}.` : renews_at ? `Renews on ${day(renews_at)}.` : "";
  return h(
    "section",
    { class: "panel" },
    h(
      "h2",
      null,
      tier === "paid" ? name ?? "Paid" : "Free",
      " ",
      status && h("span", { class: "badge" }, status.replaceAll("_", " ")),
    ),
    h("p", null, [price ? priceOf(price) : "", when].filter(Boolean).join(". ")),
    advice[next_step] && h("p", { class: "notice error" }, advice[next_step]),
    h(
      "p",
      { class: "actions" },
      pay_url && h("a", { href: pay_url, class: "button" }, "Pay the open invoice"),
      next_step === "choose_plan"
        ? h("a", { href: "/pricing", class: "button" }, "See the plans")
        : actionButton("Card, invoices, cancel", openPortal),
    ),
  );
}

async function openPortal(): Promise<void> {
  const { url } = await call("createPortalSession", { return_path: "/settings/subscription" });
  location.assign(url);
}

function use({ use: { projects, designs, storage } }: Plan): HTMLElement {
  const line = (label: string, used: number, max: number, said: string) =>
    h("li", null, h("label", null, `${label}: ${said}`, h("meter", { value: used, max })));
  return h(
    "section",
    { class: "panel" },
    h("h2", null, "In use"),
    h(
      "ul",
      { class: "plain meters" },
      line("Projects", projects.used, projects.max, `${projects.used} of ${projects.max}`),
      line("Designs today", designs.used, designs.max, `${designs.used} of ${designs.max}`),
      line(
        "Files",
        storage.used_bytes,
        storage.max_bytes,
        `${bytes(storage.used_bytes)} of ${bytes(storage.max_bytes)}`,
      ),
    ),
  );
}

function bills(invoices: Invoice[]): HTMLElement {
  return h(
    "section",
    { class: "panel" },
    h("h2", null, "Invoices"),
    h(
      "ul",
      { class: "rows" },
      invoices.map(({ number, amount_due, currency, status, hosted_invoice_url, created_at }) =>
        h(
          "li",
          null,
          h("span", null, `${day(created_at)}: ${money({ amount: amount_due, currency })}, ${status}`),
          hosted_invoice_url && h("a", { href: hosted_invoice_url }, number ?? "Invoice"),
        )
      ),
    ),
  );
}
