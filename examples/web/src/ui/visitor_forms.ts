/** What a visitor of a project may tell: its owner, or us. */

import { supabase } from "../api/supabase.ts";
import { h } from "../dom.ts";
import { field, form, input, required, select, text, textarea } from "./form.ts";

const reasons = {
  spam: "Spam",
  harassment: "Harassment",
  copyright: "Copyright",
  illegal: "Illegal",
  personal_data: "Personal data",
  malware: "Malware",
  other: "Something else",
};

export function contactForm(projectId: string): HTMLElement {
  async function send(data: FormData): Promise<string> {
    const [name, email, message] = ["name", "email", "message"].map((field) => required(data, field)) as [
      string,
      string,
      string,
    ];
    await supabase.rpc("send_contact_message", { project_id: projectId, name, email, message }).throwOnError();
    return "Sent. The answer comes to your address.";
  }

  return h(
    "details",
    { class: "panel" },
    h("summary", null, "Write to the owner"),
    form(
      "Send",
      send,
      field("Your name", input({ name: "name", required: true, maxlength: 100, autocomplete: "name" })),
      field(
        "Your e-mail address",
        input({ type: "email", name: "email", required: true, maxlength: 254, autocomplete: "email" }),
      ),
      field("Message", textarea({ name: "message", required: true, maxlength: 5000, rows: 5 })),
    ),
  );
}

export function reportForm(projectId: string): HTMLElement {
  async function report(data: FormData): Promise<string> {
    const details = text(data, "details");
    await supabase.rpc("report_project", {
      project_id: projectId,
      reason: required(data, "reason") as keyof typeof reasons,
      ...(details && { details }),
    })
      .throwOnError();
    return "Thank you. We will look at it.";
  }

  return h(
    "details",
    { class: "panel quiet-panel" },
    h("summary", null, "Report this page"),
    form(
      "Report",
      report,
      field("What is wrong", select("reason", reasons, "spam")),
      field("Tell us more", textarea({ name: "details", maxlength: 2000, rows: 3 })),
    ),
  );
}
