import { requireMe } from "../api/session.ts";
import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import type { Page } from "../router.ts";
import { checkbox, form } from "../ui/form.ts";
import { day } from "../ui/money.ts";
import { settingsTabs } from "../ui/tabs.ts";
import { inWords } from "../ui/words.ts";

// What may be declined, what each is, and whether a user who never chose gets it.
const choices = {
  renewal_upcoming: { label: "Before my plan renews", preset: true },
  contact_message: { label: "When somebody writes to me about a project", preset: true },
  weekly_metrics: { label: "Every Monday, what my projects earned", preset: false },
} as const;

export default async function notifications(): Promise<Page> {
  const me = await requireMe();
  const [{ data: chosen }, { data: sent }] = await Promise.all([
    supabase.from("notification_preferences").select("type, enabled").throwOnError(),
    supabase.from("notifications").select("id, type, status, created_at").order("created_at", { ascending: false })
      .limit(20).throwOnError(),
  ]);
  const content = h(
    "div",
    { class: "page" },
    h("h1", null, "E-mails"),
    settingsTabs(),
    h(
      "section",
      { class: "panel" },
      h("h2", null, "What you want to hear"),
      form(
        "Save",
        (data) => save(me.id, data),
        Object.entries(choices).map(([type, { label, preset }]) =>
          checkbox(label, { name: type, checked: chosen.find((row) => row.type === type)?.enabled ?? preset })
        ),
      ),
      h(
        "p",
        { class: "caption" },
        `They go to ${me.email}. What belongs to your account or your contract always comes.`,
      ),
    ),
    h(
      "section",
      { class: "panel" },
      h("h2", null, "What was sent"),
      sent.length
        ? h(
          "ul",
          { class: "rows" },
          sent.map(({ type, status, created_at }) =>
            h(
              "li",
              null,
              h("span", null, inWords(type)),
              h("span", { class: "caption" }, `${status}, ${day(created_at)}`),
            )
          ),
        )
        : h("p", null, "Nothing yet."),
    ),
  );
  return { title: "E-mails", content };
}

async function save(user_id: string, data: FormData): Promise<string> {
  const types = Object.keys(choices) as (keyof typeof choices)[];
  const rows = types.map((type) => ({ user_id, type, enabled: data.has(type) }));
  await supabase.from("notification_preferences").upsert(rows).throwOnError();
  return "Saved.";
}
