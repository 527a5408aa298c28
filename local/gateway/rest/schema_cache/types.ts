// What the database has that requests can name: tables with their keys, relationships between them, functions.

export interface Identifier {
  schema: string;
  name: string;
}

export const keyOf = ({ schema, name }: Identifier) => `${schema}\0${name}`;

export interface Column {
  name: string;
  description: string | null;
  isNullable: boolean;
  /** Of a domain over a built-in type, that type; without modifiers where it is built in. */
  type: string;
  /** As it was declared: `character varying(20)`. */
  nominalType: string;
  maxLength: number | null;
  /** An SQL expression. */
  default: string | null;
  enumLabels: readonly string[];
}

export interface Table extends Identifier {
  description: string | null;
  isView: boolean;
  /** A table, or a view that Postgres updates by itself: it has one row for each row of one table. */
  isAutoUpdatable: boolean;
  isInsertable: boolean;
  isUpdatable: boolean;
  isDeletable: boolean;
  primaryKey: readonly string[];
  columns: ReadonlyMap<string, Column>;
}

/** Pairs of columns, of the table and of the foreign one. */
export type ColumnPairs = readonly (readonly [string, string])[];

export interface Junction {
  table: Identifier;
  constraints: readonly [string, string];
  /** [column of the source, column of the junction]. */
  sourceColumns: ColumnPairs;
  /** [column of the target, column of the junction]. */
  targetColumns: ColumnPairs;
}

/** In PostgREST's order, which errors list them in. */
export const CARDINALITIES = ["one-to-many", "many-to-one", "one-to-one", "many-to-many"] as const;
export type Cardinality = (typeof CARDINALITIES)[number];

export interface KeyRelationship {
  kind: "key";
  table: Identifier;
  foreign: Identifier;
  isSelf: boolean;
  cardinality: Cardinality;
  /** The foreign key's name; empty for many-to-many. */
  constraint: string;
  columns: ColumnPairs;
  junction?: Junction;
  /** Of one-to-one: whether the foreign key is on the other side. */
  isParent: boolean;
  isTableView: boolean;
  isForeignView: boolean;
}

/** By a function that takes a row of `table` and returns rows of `foreign`. */
export interface ComputedRelationship {
  kind: "computed";
  function: Identifier;
  table: Identifier;
  foreign: Identifier;
  isToOne: boolean;
  isSelf: boolean;
}

export type Relationship = KeyRelationship | ComputedRelationship;

export const isToOne = (relationship: Relationship) =>
  relationship.kind === "computed"
    ? relationship.isToOne
    : relationship.cardinality === "many-to-one" || relationship.cardinality === "one-to-one";

export interface Parameter {
  /** Empty where it has none. */
  name: string;
  type: string;
  /** The type without a length: `bit varying` for `bit`. */
  castType: string;
  isRequired: boolean;
  isVariadic: boolean;
}

export interface Routine extends Identifier {
  description: string | null;
  parameters: readonly Parameter[];
  returns: Identifier;
  isSet: boolean;
  isComposite: boolean;
  volatility: "volatile" | "stable" | "immutable";
  hasVariadic: boolean;
  /** `serializable`, where the function is declared so. */
  isolation: string | null;
  /** Settings of the function that hold for the whole transaction. */
  settings: readonly (readonly [string, string])[];
}

export interface SchemaCache {
  tables: ReadonlyMap<string, Table>;
  /** By `relationshipKey`. */
  relationships: ReadonlyMap<string, readonly Relationship[]>;
  /** Overloads by `keyOf`, those with the fewest parameters first. */
  routines: ReadonlyMap<string, readonly Routine[]>;
}

/** From a table into a schema. */
export const relationshipKey = (table: Identifier, foreignSchema: string) => `${keyOf(table)}\0${foreignSchema}`;
