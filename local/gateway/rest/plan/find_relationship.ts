// Which relationship an embedding means: by the name of the table, the foreign key or the column, and a hint.
// https://docs.postgrest.org/en/v16/references/api/resource_embedding.html#foreign-key-joins-on-multiple-foreign-key-relationships
import { ambiguousRelationship, relationshipNotFound } from "../errors/schema_cache_errors.ts";
import { type KeyRelationship, type Relationship, relationshipKey, type SchemaCache } from "../schema_cache/types.ts";

const isManyToMany = ({ cardinality }: KeyRelationship) => cardinality === "many-to-many";

const hasColumn = (name: string, relationship: KeyRelationship, side: 0 | 1) =>
  !isManyToMany(relationship) && relationship.columns.length === 1 && relationship.columns[0][side] === name;

const hasConstraint = (name: string, relationship: KeyRelationship) =>
  !isManyToMany(relationship) && relationship.constraint === name;

/** In a table that refers to itself, the table's name leads down and the column's name up. */
function matchesSelf(relationship: KeyRelationship, target: string, hint: string | undefined): boolean {
  const isDown = target === relationship.foreign.name && relationship.cardinality === "one-to-many";
  if (hint !== undefined) return isDown && hasColumn(hint, relationship, 1);
  return isDown || (relationship.cardinality === "many-to-one" && hasColumn(target, relationship, 0));
}

function matches(relationship: Relationship, target: string, hint: string | undefined): boolean {
  if (relationship.kind === "computed") return relationship.function.name === target;
  if (relationship.isSelf) return matchesSelf(relationship, target, hint);
  if (hint === undefined) {
    if (target === relationship.foreign.name) return true;
    return !relationship.isForeignView && (hasConstraint(target, relationship) || hasColumn(target, relationship, 0));
  }
  return target === relationship.foreign.name && (
    hasConstraint(hint, relationship) ||
    hasColumn(hint, relationship, 0) ||
    hasColumn(hint, relationship, 1) ||
    relationship.junction?.table.name === hint
  );
}

/** Throws PGRST200, PGRST201. */
export function findRelationship(
  cache: SchemaCache,
  schema: string,
  origin: string,
  target: string,
  hint: string | undefined,
): Relationship {
  const known = cache.relationships.get(relationshipKey({ schema, name: origin }, schema)) ?? [];
  const found = known.filter((relationship) => matches(relationship, target, hint));
  if (found.length === 0) throw relationshipNotFound(origin, target, hint, schema, cache);
  if (found.length > 1) throw ambiguousRelationship(origin, target, found);
  return found[0];
}
