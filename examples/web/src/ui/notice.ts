/** What went wrong or well, in words, where the user looks. */

import { PostgrestError } from "@supabase/supabase-js";
import { fieldError } from "$types/showcase.ts";
import { ProblemError } from "../api/functions.ts";
import { type Child, h } from "../dom.ts";

export interface Explanation {
  /** The field of a form that it is about; null where it is about the whole. */
  field: string | null;
  message: string;
}

/** An error in words, whatever threw it: a function, PostgREST, Auth, Storage or the network. */
export function explain(error: unknown): Explanation {
  if (error instanceof ProblemError) {
    const [first] = error.problem.errors ?? [];
    return first ? { field: first.field, message: first.detail } : { field: null, message: error.problem.detail };
  }
  if (error instanceof PostgrestError) return fieldError(error);
  if (error instanceof TypeError && /fetch/i.test(error.message)) {
    return { field: null, message: "The server cannot be reached. Are you online?" };
  }
  return { field: null, message: (error instanceof Error && error.message) || "Something went wrong." };
}

export function errorNotice(error: unknown): HTMLElement {
  if (!(error instanceof ProblemError)) console.debug(error);
  const id = error instanceof ProblemError ? error.problem.request_id : "";
  return h(
    "div",
    { class: "notice error", role: "alert" },
    h("p", null, explain(error).message),
    id && h("small", null, `Request ${id}`),
  );
}

export function successNotice(...children: Child[]): HTMLElement {
  return h("div", { class: "notice success", role: "status" }, h("p", null, ...children));
}
