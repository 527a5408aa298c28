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
  if (isSignedOut(error)) {
    return {
      field: null,
      message: "You are signed out. Sign in in another tab, and repeat this: what you typed is still here.",
    };
  }
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

/** Whether the session ended: here, in another tab, or by its age. */
function isSignedOut(error: unknown): boolean {
  if (error instanceof ProblemError) return error.problem.status === 401;
  if (!(error instanceof PostgrestError)) return false;
  // Without a session PostgREST uses the role anon, which has no such right.
  return /^PGRST30[123]$/.test(error.code) || (error.code === "42501" && error.message.startsWith("permission denied"));
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
