// Relationships between tables and views, from foreign keys and functions.
// https://docs.postgrest.org/en/v16/references/api/resource_embedding.html
import {
  CARDINALITIES,
  type ColumnPairs,
  type ComputedRelationship,
  type Identifier,
  keyOf,
  type KeyRelationship,
  type Relationship,
  relationshipKey,
  type Table,
} from "./types.ts";
import { combinations, type Key, type ViewKey } from "./view_keys.ts";

const swap = (pairs: ColumnPairs): ColumnPairs => pairs.map(([one, other]) => [other, one]);
const zip = (ones: readonly string[], others: readonly string[]): ColumnPairs =>
  ones.map((one, index) => [one, others[index]]);

function isUnique(key: Key, keys: readonly Key[]): boolean {
  const sorted = (numbers: readonly number[]) => [...numbers].sort((one, other) => one - other).join();
  return keys.some(
    ({ kind, tableOid, columnNumbers }) =>
      kind !== "f" && tableOid === key.tableOid && sorted(columnNumbers) === sorted(key.columnNumbers),
  );
}

function fromForeignKey(key: Key, keys: readonly Key[], viewKeys: readonly ViewKey[]): KeyRelationship[] {
  const own = viewKeys.filter((one) => one.key === key && one.side === "own");
  const referenced = viewKeys.filter((one) => one.key === key && one.side === "referenced");
  const [table, foreign] = [
    { schema: key.schema, name: key.table },
    { schema: key.foreignSchema, name: key.foreignTable },
  ];
  type Side = { relation: Identifier; columns: readonly string[]; isView: boolean };
  const sides = (base: Side, views: ViewKey[]): Side[] => [
    base,
    ...views.flatMap(({ view, columns }) =>
      combinations(columns).map((chosen) => ({ relation: view, columns: chosen, isView: true }))
    ),
  ];
  const cardinality = isUnique(key, keys) ? "one-to-one" : "many-to-one";
  return sides({ relation: table, columns: key.columns, isView: false }, own).flatMap((from) =>
    sides({ relation: foreign, columns: key.foreignColumns, isView: false }, referenced).map((to): KeyRelationship => ({
      kind: "key",
      table: identifier(from.relation),
      foreign: identifier(to.relation),
      isSelf: from.isView === to.isView && keyOf(from.relation) === keyOf(to.relation),
      cardinality,
      constraint: key.name,
      columns: zip(from.columns, to.columns),
      isParent: false,
      isTableView: from.isView,
      isForeignView: to.isView,
    }))
  );
}

const identifier = ({ schema, name }: Identifier): Identifier => ({ schema, name });

/** Where a table's primary key holds the columns of two foreign keys, it joins the tables that they lead to. */
function manyToMany(toOne: readonly KeyRelationship[], tables: ReadonlyMap<string, Table>): KeyRelationship[] {
  const keys = toOne.filter(({ cardinality }) => cardinality === "many-to-one");
  return keys.flatMap((source) => {
    const primaryKey = new Set(tables.get(keyOf(source.table))?.primaryKey);
    const others = keys.filter(
      (target) => keyOf(target.table) === keyOf(source.table) && target.constraint !== source.constraint,
    );
    return others
      .filter((target) => [...source.columns, ...target.columns].every(([column]) => primaryKey.has(column)))
      .map((target): KeyRelationship => ({
        kind: "key",
        table: source.foreign,
        foreign: target.foreign,
        isSelf: keyOf(source.foreign) === keyOf(target.foreign),
        cardinality: "many-to-many",
        constraint: "",
        columns: [],
        junction: {
          table: source.table,
          constraints: [source.constraint, target.constraint],
          sourceColumns: swap(source.columns),
          targetColumns: swap(target.columns),
        },
        isParent: false,
        isTableView: source.isForeignView,
        isForeignView: target.isForeignView,
      }));
  });
}

const inverse = (relationship: KeyRelationship): KeyRelationship => ({
  ...relationship,
  table: relationship.foreign,
  foreign: relationship.table,
  cardinality: relationship.cardinality === "many-to-one" ? "one-to-many" : "one-to-one",
  columns: swap(relationship.columns),
  isParent: relationship.cardinality === "one-to-one",
  isTableView: relationship.isForeignView,
  isForeignView: relationship.isTableView,
});

/** In PostgREST's order, which the lists in its errors have. */
const sortKey = (relationship: Relationship): string => {
  const { kind, table, foreign } = relationship;
  if (kind === "computed") return JSON.stringify(["computed", keyOf(relationship.function)]);
  const { isSelf, cardinality, constraint, columns, junction } = relationship;
  const rank = CARDINALITIES.indexOf(cardinality);
  return [
    keyOf(table),
    keyOf(foreign),
    Number(isSelf),
    rank,
    constraint,
    junction && keyOf(junction.table),
    junction?.constraints.join("\0"),
    columns.join("\0"),
  ].join("\0\0");
};

export function buildRelationships(
  tables: ReadonlyMap<string, Table>,
  keys: readonly Key[],
  viewKeys: readonly ViewKey[],
  computed: readonly ComputedRelationship[],
  schemas: readonly string[],
): Map<string, Relationship[]> {
  const toOne = keys
    .filter(({ kind, isInherited }) => kind === "f" && !isInherited)
    .flatMap((key) => fromForeignKey(key, keys, viewKeys));
  const replaced = new Set(computed.map(({ table, function: by }) => `${keyOf(table)}\0\0${keyOf(by)}`));
  const detected = [...toOne, ...manyToMany(toOne, tables), ...toOne.map(inverse)]
    .filter(({ table, foreign }) => !replaced.has(`${keyOf(table)}\0\0${keyOf(foreign)}`));
  const isExposed = (relationship: Relationship) =>
    [relationship.table, relationship.foreign].every(({ schema }) => schemas.includes(schema)) &&
    (relationship.kind === "computed" || !relationship.junction ||
      schemas.includes(relationship.junction.table.schema));

  const found = new Map<string, Relationship[]>();
  for (const relationship of [...detected, ...computed].filter(isExposed)) {
    const { table, foreign } = relationship;
    const schema = relationship.kind === "computed" ? relationship.function.schema : foreign.schema;
    const at = relationshipKey(table, schema);
    found.set(at, [...(found.get(at) ?? []), relationship]);
  }
  for (const list of found.values()) list.sort((one, other) => (sortKey(one) < sortKey(other) ? -1 : 1));
  return found;
}
