// One JSON line for each problem, with the field names of the handlers' own log. Ids and causes: no URL, token or body.
import type { Problem } from "./problem.ts";

export function report(name: string, id: string, problem: Problem): void {
  const line = {
    severity: "ERROR",
    message: problem.code,
    function: name,
    request_id: id,
    cause: causeOf(problem.cause),
  };
  console.error(JSON.stringify(line));
}

/** Our own words as they are; of any other error its kind, because fetch puts the whole URL into its message. */
function causeOf(cause: unknown): string {
  if (typeof cause === "string" || cause === undefined) return cause ?? "";
  const text = `${cause} ${(cause as Error).cause ?? ""}`;
  return /client error \((\w+)\)/.exec(text)?.[1] ?? (cause instanceof Error ? cause.name : typeof cause);
}
