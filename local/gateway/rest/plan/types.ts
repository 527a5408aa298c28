// Plans: what a request asks for, checked against the schema cache and ready to be written as SQL.
import type { Mutation } from "../request/api_request.ts";
import type { Aggregate, Direction, JoinType, JsonOperation, Nulls, Operation } from "../request/query_types.ts";
import type { RowRange } from "../request/ranges.ts";
import type { Identifier, Parameter, Relationship, Routine } from "../schema_cache/types.ts";

export interface PlannedField {
  name: string;
  path: readonly JsonOperation[];
  /** Whether the column has to become jsonb before a path leads into it. */
  toJson: boolean;
  /** Compared as a text search vector, in a language or the default one. */
  search?: { language?: string };
  /** As declared; empty where it is not known. */
  type: string;
  default?: string | null;
}

export interface PlannedSelect {
  field: PlannedField;
  alias?: string;
  cast?: string;
  aggregate?: Aggregate;
}

export type PlannedFilter =
  | { kind: "filter"; field: PlannedField; negated: boolean; operation: Operation }
  /** `relation=is.null`: whether anything is embedded; `negated` asks for rows with something. */
  | { kind: "embedding filter"; aggregateAlias: string; negated: boolean };

export type PlannedLogic =
  | PlannedFilter
  | { kind: "logic"; negated: boolean; operator: "and" | "or"; terms: readonly PlannedLogic[] };

export interface PlannedOrder {
  field: PlannedField;
  /** Name, then alias, of the embedded resource that the field belongs to. */
  relation?: string;
  direction?: Direction;
  nulls?: Nulls;
}

/** `a.column = b.column`. */
export type JoinCondition = readonly [readonly [Identifier, string], readonly [Identifier, string]];

/** Of a spread to-many: the columns that it is ordered by, selected under aliases of their own, and that order. */
export interface SpreadOrder {
  selects: readonly { relation?: string; select: PlannedSelect }[];
  order: readonly PlannedOrder[];
}

/** What a parent selects of an embedded resource. */
export type EmbeddedSelect =
  | { kind: "json"; name: string; aggregateAlias: string; isArray: boolean; isEmpty: boolean }
  | { kind: "spread"; names: readonly string[]; aggregateAlias: string };

export interface ReadPlan {
  select: readonly PlannedSelect[];
  from: Identifier;
  fromAlias?: string;
  where: readonly PlannedLogic[];
  order: readonly PlannedOrder[];
  range: RowRange;
  /** As the request names it. */
  name: string;
  alias?: string;
  hint?: string;
  join?: JoinType;
  spread: "none" | "to-one" | "to-many";
  spreadOrder?: SpreadOrder;
  depth: number;
  relationship?: Relationship;
  /** By which a computed relationship's function is given the parent's row. */
  parentAlias?: Identifier;
  joinConditions: readonly JoinCondition[];
  /** Of the lateral subquery. */
  aggregateAlias: string;
  embedded: readonly EmbeddedSelect[];
  children: readonly ReadPlan[];
  /** Whether its page is cut out before anything is joined to it. */
  isPageFirst: boolean;
  /** A filter, order or limit named it by its name though it has an alias: deprecated. */
  isNamedDespiteAlias: boolean;
}

export type MutatePlan =
  | {
    kind: "insert";
    into: Identifier;
    columns: readonly PlannedField[];
    body: Buffer;
    onConflict?: { resolution: "merge-duplicates" | "ignore-duplicates"; columns: readonly string[] };
    /** Of PUT: the row that is written has to match the URL. */
    where: readonly PlannedLogic[];
    returning: readonly string[];
    primaryKey: readonly string[];
    appliesDefaults: boolean;
  }
  | {
    kind: "update";
    into: Identifier;
    columns: readonly PlannedField[];
    body: Buffer;
    where: readonly PlannedLogic[];
    returning: readonly string[];
    appliesDefaults: boolean;
  }
  | { kind: "delete"; into: Identifier; where: readonly PlannedLogic[]; returning: readonly string[] };

export type CallArguments =
  | { kind: "json"; body: Buffer }
  /** By name; of a variadic parameter, each value. */
  | { kind: "direct"; values: ReadonlyMap<string, string | readonly string[]> };

export interface CallPlan {
  routine: Routine;
  parameters: { kind: "named"; list: readonly Parameter[] } | { kind: "single"; parameter: Parameter };
  arguments: CallArguments;
  filterColumns: readonly string[];
  returning: readonly string[];
}

/** How Postgres makes the body of the answer out of the rows. */
export type BodyFormat = "none" | "array" | "array-stripped" | "object" | "object-stripped" | "csv" | "geojson";

export const returnsScalar = ({ isSet, isComposite }: Routine) => !isSet && !isComposite;
export const returnsSetOfScalar = ({ isSet, isComposite }: Routine) => isSet && !isComposite;
export const returnsVoid = (routine: Routine) =>
  returnsScalar(routine) && routine.returns.schema === "pg_catalog" && routine.returns.name === "void";

/** The rows of a mutation or a call, as a common table expression. */
export const SOURCE = "pgrst_source";

export type { Mutation };
