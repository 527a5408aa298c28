// Comments of the database as summary and description.

/** The first line, and what follows. */
export function summarized(comment: string | null): { summary?: string; description?: string } {
  if (comment === null) return {};
  const [summary, ...rest] = comment.split("\n");
  const description = rest.join("\n").replace(/^\n+/, "");
  return { summary, ...(description !== "" && { description }) };
}
