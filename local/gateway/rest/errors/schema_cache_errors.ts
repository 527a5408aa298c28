// PGRST2xx: what the request names is not there, or there more than once.
import type { MediaType } from "../request/media_types.ts";
import { closestMatch, closestMatches } from "../schema_cache/fuzzy_match.ts";
import {
  type Identifier,
  keyOf,
  type KeyRelationship,
  type Relationship,
  relationshipKey,
  type Routine,
  type SchemaCache,
} from "../schema_cache/types.ts";
import { RestError } from "./rest_error.ts";

/** Of table and function names: a lower one would reveal names that the caller does not know. */
const LEAST_SCORE = 0.75;
const MOST_TABLES = 500;

const namesIn = (keys: Iterable<string>, schema: string) =>
  [...keys].map((key) => key.split("\0")).filter(([found]) => found === schema).map(([, name]) => name);

export function tableNotFound({ schema, name }: Identifier, { tables }: SchemaCache): RestError {
  const names = namesIn(tables.keys(), schema);
  const meant = names.length < MOST_TABLES ? closestMatch(names, name, LEAST_SCORE) : undefined;
  return new RestError(404, {
    code: "PGRST205",
    message: `Could not find the table '${schema}.${name}' in the schema cache`,
    hint: meant === undefined ? null : `Perhaps you meant the table '${schema}.${meant}'`,
  });
}

export const columnNotFound = (table: string, column: string) =>
  new RestError(400, {
    code: "PGRST204",
    message: `Could not find the '${column}' column of '${table}' in the schema cache`,
  });

function relationshipHint(parent: string, child: string, schema: string, cache: SchemaCache): string | null {
  const known = cache.relationships.get(relationshipKey({ schema, name: parent }, schema));
  const [meant, given] = known
    ? [closestMatches(known.map(({ foreign }) => foreign.name), child).find(({ score }) => score < 1)?.name, child]
    : [closestMatch(parentsIn(cache, schema), parent), parent];
  return meant === undefined ? null : `Perhaps you meant '${meant}' instead of '${given}'.`;
}

const parentsIn = ({ relationships }: SchemaCache, schema: string) =>
  [...relationships.keys()].map((key) => key.split("\0")).filter(([, , foreign]) => foreign === schema)
    .map(([, name]) => name);

export function relationshipNotFound(
  parent: string,
  child: string,
  hint: string | undefined,
  schema: string,
  cache: SchemaCache,
): RestError {
  const using = hint === undefined ? "" : `' using the hint '${hint}`;
  return new RestError(400, {
    code: "PGRST200",
    message: `Could not find a relationship between '${parent}' and '${child}' in the schema cache`,
    details: `Searched for a foreign key relationship between '${parent}' and '${child}${using}' in the schema ` +
      `'${schema}', but no matches were found.`,
    hint: relationshipHint(parent, child, schema, cache),
  });
}

const listed = (names: readonly string[]) => `(${names.join(", ")})`;

function described(relationship: Relationship): Record<string, string> {
  if (relationship.kind === "computed") return {};
  const { table, foreign, cardinality, constraint, columns, junction } = relationship;
  const from = `${table.name}${listed(columns.map(([own]) => own))}`;
  const to = `${foreign.name}${listed(columns.map(([, other]) => other))}`;
  const through = junction && [
    `${junction.table.name} using ${junction.constraints[0]}${listed(junction.sourceColumns.map(([, own]) => own))}`,
    `${junction.constraints[1]}${listed(junction.targetColumns.map(([, own]) => own))}`,
  ].join(" and ");
  return {
    cardinality,
    embedding: `${table.name} with ${foreign.name}`,
    relationship: through ?? `${constraint} using ${from} and ${to}`,
  };
}

const hintFor = ({ foreign, constraint, junction }: KeyRelationship) =>
  `'${foreign.name}!${junction ? junction.table.name : constraint}'`;

export function ambiguousRelationship(parent: string, child: string, found: readonly Relationship[]): RestError {
  const hints = found.map((one) => (one.kind === "computed" ? "" : hintFor(one))).join(", ");
  return new RestError(300, {
    code: "PGRST201",
    message: `Could not embed because more than one relationship was found for '${parent}' and '${child}'`,
    details: found.map(described),
    hint:
      `Try changing '${child}' to one of the following: ${hints}. Find the desired relationship in the 'details' key.`,
  });
}

const SINGLE_PARAMETER: Partial<Record<MediaType["kind"], string>> = { text: "text", xml: "xml", bytes: "bytea" };

function routineHint({ schema, name }: Identifier, names: readonly string[], cache: SchemaCache): string | null {
  const overloads = cache.routines.get(keyOf({ schema, name }));
  const signature = (parameters: readonly string[]) => listed([...parameters].sort());
  const meant = overloads
    ? closestMatch(overloads.map(({ parameters }) => signature(parameters.map((one) => one.name))), signature(names))
    : closestMatch(namesIn(cache.routines.keys(), schema), name, LEAST_SCORE);
  if (meant === undefined) return null;
  return `Perhaps you meant to call the function ${schema}.${overloads ? name : ""}${meant}`;
}

/** `names`: of the arguments, sorted. */
export function routineNotFound(
  target: Identifier,
  names: readonly string[],
  contentType: MediaType,
  isPost: boolean,
  cache: SchemaCache,
): RestError {
  const routine = `${target.schema}.${target.name}`;
  const single = isPost ? SINGLE_PARAMETER[contentType.kind] : undefined;
  const given = names.join(", ");
  const without = " without parameters";
  const searched = names.length === 0 ? without : ` with parameter${names.length > 1 ? "s" : ""} ${given}`;
  const orSingle = isPost && contentType.kind === "json" ? " or with a single unnamed json/jsonb parameter" : "";
  const how = single ? ` with a single unnamed ${single} parameter` : searched + orSingle;
  const signature = single ? "" : names.length === 0 ? without : listed(names);
  return new RestError(404, {
    code: "PGRST202",
    message: `Could not find the function ${routine}${signature} in the schema cache`,
    details: `Searched for the function ${routine}${how}, but no matches were found in the schema cache.`,
    hint: single ? null : routineHint(target, names, cache),
  });
}

export function ambiguousRoutine(found: readonly Routine[]): RestError {
  const signatures = found.map(({ schema, name, parameters }) =>
    `${schema}.${name}(${parameters.map((one) => `${one.name} => ${one.type}`).join(", ")})`
  );
  return new RestError(300, {
    code: "PGRST203",
    message: `Could not choose the best candidate function between: ${signatures.join(", ")}`,
    hint: "Try renaming the parameters or the function itself in the database so function overloading can be resolved",
  });
}
