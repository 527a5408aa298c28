/** What went wrong or well, in words, where the user looks. */

import { ProblemError } from "../api/functions.ts";
import { fieldError } from "$types/showcase.ts";
import { type Child, h } from "../dom.ts";

/** The sentence to show for an error, whatever threw it: a function, PostgREST, Auth, Storage or the network. */
export function describe(error: unknown): string {
  if (error instanceof ProblemError) {
    const fields = error.problem.errors?.map(({ field, detail }) => `${field}: ${detail}`).join("; ");
    return fields || error.problem.detail;
  }
  if (error instanceof TypeError && /fetch/i.test(error.message)) {
    return "The server cannot be reached. Are you online?";
  }
  const { message, details, hint, code } = error as Partial<Parameters<typeof fieldError>[0]>;
  if (!message) return "Something went wrong.";
  return fieldError({ message, details: details ?? null, hint: hint ?? null, code: code ?? "" }).message;
}

export function errorNotice(error: unknown): HTMLElement {
  if (!(error instanceof ProblemError)) console.debug(error);
  const id = error instanceof ProblemError ? error.problem.request_id : "";
  return h(
    "div",
    { class: "notice error", role: "alert" },
    h("p", null, describe(error)),
    id && h("small", null, `Request ${id}`),
  );
}

export function successNotice(...children: Child[]): HTMLElement {
  return h("div", { class: "notice success", role: "status" }, h("p", null, ...children));
}
