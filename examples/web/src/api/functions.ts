/** Calls of `/functions/v1`: typed answers, and problems (RFC 9457) as errors that can be shown. */

import { FunctionsHttpError } from "@supabase/supabase-js";
import { supabase } from "./supabase.ts";

export interface Problem {
  status: number;
  code: string;
  detail: string;
  request_id: string;
  errors?: { field: string; code: string; detail: string }[];
}

export class ProblemError extends Error {
  override name = "ProblemError";
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

/**
 * The answer of a function.
 * @throws ProblemError what the function answered instead; any other error: it was not reached
 */
export async function invoke<Answer>(name: string, body: object): Promise<Answer> {
  const { data, error } = await supabase.functions.invoke<Answer>(name, { body: { ...body } });
  if (error) throw await toProblem(error);
  return data as Answer;
}

export interface ServerEvent {
  event: string;
  data: unknown;
}

/** The events of a function that answers with server-sent events, as they come. Ends with the stream. */
export async function* invokeStream(name: string, body: object, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  const headers = { accept: "text/event-stream" };
  const { data, error } = await supabase.functions.invoke<Response>(name, { body: { ...body }, headers, signal });
  if (error) throw await toProblem(error);
  let rest = "";
  for await (const text of data!.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    yield* events.map(parseEvent).filter((event) => event !== null);
  }
}

function parseEvent(text: string): ServerEvent | null {
  const fields = Object.fromEntries(text.split("\n").map((line) => [line.split(":", 1)[0], line.slice(line.indexOf(":") + 1).trim()]));
  return fields.data ? { event: fields.event ?? "message", data: JSON.parse(fields.data) } : null;
}

async function toProblem(error: unknown): Promise<unknown> {
  if (!(error instanceof FunctionsHttpError)) return error;
  const answer: unknown = await (error.context as Response).json().catch(() => null);
  return answer && typeof answer === "object" && "code" in answer ? new ProblemError(answer as Problem) : error;
}
