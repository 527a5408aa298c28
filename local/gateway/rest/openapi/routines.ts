// Paths of functions: by POST with an object of arguments, and by GET where they change nothing.
import type { Parameter, Routine } from "../schema_cache/types.ts";
import { summarized } from "./comments.ts";
import { itemsOf, swaggerFormat, swaggerType } from "./types.ts";

const RESULTS = [
  "application/json",
  "application/vnd.pgrst.object+json;nulls=stripped",
  "application/vnd.pgrst.object+json",
];

function getParameter({ name, type, isRequired, isVariadic }: Parameter) {
  const common = { name, required: isRequired, in: "query" };
  if (isVariadic) {
    const element = type.slice(0, -"[]".length);
    const items = { type: swaggerType(element), format: swaggerFormat(element) };
    return { ...common, type: "array", collectionFormat: "multi", items };
  }
  const found = swaggerType(type);
  // An array is written as `{a,b}` in a query.
  return { ...common, type: found === undefined || found === "array" ? "string" : found, format: swaggerFormat(type) };
}

function argumentsSchema({ description, parameters }: Routine) {
  const required = parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  const property = ({ name, type }: Parameter) => [
    name,
    { format: swaggerFormat(type), type: swaggerType(type), ...itemsOf(type) },
  ];
  return {
    ...(description !== null && { description }),
    ...(required.length > 0 && { required }),
    properties: Object.fromEntries(parameters.map(property)),
    type: "object",
  };
}

export function routinePath(routine: Routine) {
  const operation = {
    ...summarized(routine.description),
    tags: [`(rpc) ${routine.name}`],
    produces: RESULTS,
    responses: { 200: { description: "OK" } },
  };
  const body = { name: "args", required: true, in: "body", schema: argumentsSchema(routine) };
  const post = { ...operation, parameters: [body, { $ref: "#/parameters/preferParams" }] };
  if (routine.volatility === "volatile") return { post };
  return { get: { ...operation, parameters: routine.parameters.map(getParameter) }, post };
}
