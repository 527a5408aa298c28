// A thin client of Showcase's functions over supabase-js: typed answers, problems and server-sent events.
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Block } from "./blocks.ts";
import type { Database } from "./database.ts";
import { type DesignRequest, type DesignResponse, type Functions, getFunctions, type Problem } from "./functions.ts";
import { type FieldRule, fieldRules } from "./limits.ts";

/** What createClient<Database>(url, publishableKey) of supabase-js returns. */
export type Client = SupabaseClient<Database>;

/** An RFC 9457 problem of a function; `network_error` is ours, where no answer arrived (status 0). */
export type FunctionProblem = Omit<Problem, "code"> & { code: Problem["code"] | "network_error" };

export type Answer<T> = { data: T; error: null } | { data: null; error: FunctionProblem };

export type CallOptions = {
  /** Ends the call early; what the function has begun may still be done. */
  signal?: AbortSignal;
  /** Milliseconds; 150,000 where it is not given: a function has answered by then. */
  timeout?: number;
};

type Name = keyof Functions;
type StreamName = { [N in Name]: Functions[N]["Streams"] extends true ? N : never }[Name];
type Fields = Record<string, unknown>;

const defaultTimeout = 150_000;

/** Calls a function as the signed-in user, or as a visitor. Never throws: `error` is the problem document. */
export async function invoke<N extends Name>(
  client: Client,
  name: N,
  request: Functions[N]["Request"],
  options: CallOptions = {},
): Promise<Answer<Functions[N]["Response"]>> {
  const isGet = getFunctions.includes(name);
  const path = isGet ? `${name}?${new URLSearchParams(request as Record<string, string>)}` : name;
  const { data, error } = await client.functions.invoke<Functions[N]["Response"]>(path, {
    method: isGet ? "GET" : "POST",
    ...(isGet ? {} : { body: request as Fields }),
    signal: signalOf(options),
  });
  return error
    ? { data: null, error: await problemOf(error) }
    : { data: data as Functions[N]["Response"], error: null };
}

// Not by supabase-js's `timeout`: beside it, a signal that was aborted before the call is passed over.
function signalOf({ signal, timeout = defaultTimeout }: CallOptions, ...others: AbortSignal[]): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(timeout), ...(signal ? [signal] : []), ...others]);
}

/** The events of the design assistant; the last one is `done` or `error`. */
export type DesignEvent =
  | { event: "block"; data: { index: number; block: Block } }
  | { event: "usage"; data: DesignResponse["usage"] }
  | { event: "done"; data: { session_id: string; layout_id: string | null } }
  | { event: "error"; data: FunctionProblem };

/** A design as its blocks arrive. Never throws; leaving the loop early ends the request. */
export async function* stream(
  client: Client,
  name: StreamName,
  request: DesignRequest,
  options: CallOptions = {},
): AsyncGenerator<DesignEvent, void, void> {
  const aborter = new AbortController();
  try {
    const { data, error } = await client.functions.invoke<Response>(name, {
      headers: { accept: "text/event-stream" },
      body: request as Fields,
      signal: signalOf(options, aborter.signal),
    });
    if (error || !data?.body) return yield { event: "error", data: await problemOf(error) };
    for await (const event of eventsOf(data.body)) {
      yield event;
      if (event.event === "done" || event.event === "error") return;
    }
    yield { event: "error", data: networkError("The stream ended before the design did.") };
  } catch (error) {
    yield { event: "error", data: networkError(error) };
  } finally {
    aborter.abort();
  }
}

/** Server-sent events with JSON data (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<DesignEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let buffer = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const messages = (buffer + read.value).split("\n\n");
    buffer = messages.pop() ?? "";
    for (const message of messages) {
      const fields = Object.fromEntries(message.split("\n").map(fieldOf));
      if (fields.data) yield { event: fields.event, data: JSON.parse(fields.data) } as DesignEvent;
    }
  }
}

function fieldOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}

/** The problem document behind an error of supabase-js, which leaves the response in `context`. */
async function problemOf(error: unknown): Promise<FunctionProblem> {
  const response = (error as { context?: unknown } | null)?.context;
  if (!(response instanceof Response)) return networkError(error);
  const problem = await response.json().catch(() => null);
  if (typeof problem?.code === "string") return problem as FunctionProblem;
  return {
    ...networkError(`The answer with status ${response.status} was no problem document.`),
    status: response.status,
  };
}

function networkError(cause: unknown): FunctionProblem {
  const detail = typeof cause === "string"
    ? cause
    : "The server cannot be reached. Check the connection and try again.";
  const code = "network_error";
  return {
    type: "about:blank",
    title: "No answer",
    status: 0,
    detail,
    code,
    request_id: "",
    error: `${code}: ${detail}`,
  };
}

/** Where a form shows a refused write. `field` is null where the row as a whole is refused; `path` leads into JSON. */
export type FieldError = { field: string | null; message: string; path?: string };

type RowError = { code: string; message: string; details: string | null; hint: string | null };

/** A PostgREST error in words for people. `rules` are those of public.field_rules, newer ones than these where fetched. */
export function fieldError(error: RowError, rules: readonly FieldRule[] = fieldRules): FieldError {
  const named = /constraint "(\w+)"/.exec(error.message)?.[1];
  const rule = rules.find(({ name }) => name === named) ?? requiredBy(error, rules);
  if (rule) return { field: rule.field, message: rule.message };
  const message = [error.message, error.hint].filter(Boolean).join(" ");
  // Of a trigger: "projects.github_link", "layouts.blocks_json[2].props.title", or the table alone; of an RPC: "field: email".
  const [, field, rest] = /^(?:\w+\.|field: )(\w+)([.[].*)?$/.exec(error.details ?? "") ?? [];
  // It is shown at the field: no need to call that by its column. A path into blocks stays.
  if (field) {
    return {
      field,
      message: message.replace(`${field} is no link`, "This is no link"),
      ...(rest && { path: field + rest }),
    };
  }
  const [, table, key] = /table "(\w+)" violates foreign key constraint "(\w+)_fkey"/.exec(error.message) ?? [];
  if (key) return { field: key.slice(`${table}_`.length), message: "This is not there any more. Choose another." };
  const [, unknown] = /^Could not find the '(\w+)' column/.exec(error.message) ?? [];
  return { field: unknown ?? null, message };
}

function requiredBy({ message }: RowError, rules: readonly FieldRule[]): FieldRule | undefined {
  const [, field, table] = /^null value in column "(\w+)" of relation "(\w+)"/.exec(message) ?? [];
  return rules.find((rule) => rule.name === `${table}_${field}_required`);
}
