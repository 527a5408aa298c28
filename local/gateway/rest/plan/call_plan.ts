// The plan of a function's call: which overload, with which arguments.
// https://docs.postgrest.org/en/v16/references/api/functions.html
import { ambiguousRoutine, routineNotFound } from "../errors/schema_cache_errors.ts";
import type { ApiRequest, CallMethod } from "../request/api_request.ts";
import type { MediaType } from "../request/media_types.ts";
import { type Identifier, keyOf, type Routine, type SchemaCache } from "../schema_cache/types.ts";
import { neededColumns } from "./mutate_plan.ts";
import type { CallArguments, CallPlan, PlannedLogic, ReadPlan } from "./types.ts";

/** What one parameter without a name may be, by the body's media type. */
const SINGLE_TYPES: Partial<Record<MediaType["kind"], readonly string[]>> = {
  json: ["json", "jsonb"],
  text: ["text"],
  xml: ["xml"],
  bytes: ["bytea"],
};

const RAW = new Set<MediaType["kind"]>(["bytes", "text", "xml"]);

function takesNames({ parameters }: Routine, names: readonly string[], isPost: boolean, type: MediaType): boolean {
  if (parameters.length === 0) return names.length === 0 && !(isPost && RAW.has(type.kind));
  const all = new Set(parameters.map(({ name }) => name));
  const required = parameters.filter(({ isRequired }) => isRequired);
  return names.every((name) => all.has(name)) && required.every(({ name }) => names.includes(name));
}

function takesBody({ parameters }: Routine, isPost: boolean, type: MediaType): boolean {
  const [only] = parameters;
  return isPost && parameters.length === 1 && only.name === "" &&
    Boolean(SINGLE_TYPES[type.kind]?.includes(only.type));
}

/** The names of the arguments, sorted. */
export const argumentNames = ({ query, columns }: ApiRequest, method: CallMethod): readonly string[] =>
  method === "post" ? columns : [...new Set(query.arguments.map(([name]) => name))].sort();

/** Throws PGRST202, PGRST203. */
export function findRoutine(target: Identifier, request: ApiRequest, method: CallMethod, cache: SchemaCache): Routine {
  const names = argumentNames(request, method);
  const [isPost, type] = [method === "post", request.contentType];
  const overloads = cache.routines.get(keyOf(target)) ?? [];
  const byNames = overloads.filter((routine) => takesNames(routine, names, isPost, type));
  const found = byNames.length > 0 ? byNames : overloads.filter((routine) => takesBody(routine, isPost, type));
  if (found.length === 0) throw routineNotFound(target, names, type, isPost, cache);
  if (found.length > 1) throw ambiguousRoutine(found);
  return found[0];
}

function directArguments(given: readonly (readonly [string, string])[], { parameters }: Routine): CallArguments {
  const variadic = parameters.find(({ isVariadic }) => isVariadic)?.name;
  const values = new Map<string, string | string[]>();
  for (const [name, value] of given) {
    if (name !== variadic) values.set(name, value);
    else values.set(name, [...(values.get(name) ?? []), value]);
  }
  return { kind: "direct", values };
}

function callArguments({ payload, query }: ApiRequest, method: CallMethod, routine: Routine): CallArguments {
  if (method !== "post") return directArguments(query.arguments, routine);
  if (payload?.kind === "form") return directArguments(payload.fields, routine);
  return { kind: "json", body: payload?.body ?? Buffer.alloc(0) };
}

function filterNames(tree: PlannedLogic): string[] {
  if (tree.kind === "logic") return tree.terms.flatMap(filterNames);
  return [tree.kind === "filter" ? tree.field.name : tree.aggregateAlias];
}

const allFilterNames = ({ where, children }: ReadPlan): string[] => [
  ...where.flatMap(filterNames),
  ...children.flatMap(allFilterNames),
];

export function planCall(routine: Routine, request: ApiRequest, method: CallMethod, read: ReadPlan): CallPlan {
  const names = new Set(argumentNames(request, method));
  const { parameters } = routine;
  const isSingle = parameters.length === 1 && parameters[0].name === "";
  return {
    routine,
    parameters: isSingle
      ? { kind: "single", parameter: parameters[0] }
      : { kind: "named", list: parameters.filter(({ name }) => names.has(name)) },
    arguments: callArguments(request, method, routine),
    filterColumns: allFilterNames(read),
    returning: neededColumns(read, []),
  };
}
