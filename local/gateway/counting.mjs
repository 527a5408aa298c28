// PostgREST counts exactly as far as `max_rows`, and asks the planner beyond: what the planner guesses here is often 1, since
// small tables are seldom analysed. Counting is cheap on one machine, so that pages are numbered right.

const guessed = /\bcount=(?:estimated|planned)\b/;

/** The request with a guessed count replaced by an exact one. */
export function withExactCount(request) {
  const preferences = request.headers.get("prefer") ?? "";
  if (!guessed.test(preferences)) return request;
  const headers = new Headers(request.headers);
  headers.set("prefer", preferences.replace(guessed, "count=exact"));
  return new Request(request, { headers });
}
