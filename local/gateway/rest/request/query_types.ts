// What a query string says, as the grammar reads it: select, filters, logic, order.
// https://docs.postgrest.org/en/v16/references/api/tables_views.html

/** `->key`, `->>key`, `->0`. */
export interface JsonOperation {
  arrow: "->" | "->>";
  key?: string;
  /** With its sign: `+0`, `-1`. */
  index?: string;
}

export interface Field {
  name: string;
  path: readonly JsonOperation[];
}

/** Names of embedded resources from the root down; empty is the root. */
export type EmbedPath = readonly string[];

export type JoinType = "inner" | "left";
export type Aggregate = "sum" | "avg" | "count" | "max" | "min";

/** `alias:field::cast` or `alias:field.sum()::cast`. */
export interface SelectField {
  kind: "field";
  field: Field;
  alias?: string;
  cast?: string;
  aggregate?: Aggregate;
}

/** `alias:name!hint!inner(...)` or `...name(...)`. */
export interface SelectRelation {
  kind: "relation";
  name: string;
  spread: boolean;
  alias?: string;
  hint?: string;
  join?: JoinType;
  items: readonly SelectItem[];
}

export type SelectItem = SelectField | SelectRelation;

export type Quantifier = "any" | "all";

export type Operation =
  | { kind: "simple"; operator: string; value: string }
  | { kind: "quantified"; operator: string; quantifier?: Quantifier; value: string }
  | { kind: "in"; values: readonly string[] }
  | { kind: "is"; value: string }
  | { kind: "distinct"; value: string }
  | { kind: "search"; parser: string; language?: string; value: string };

export interface Filter {
  kind: "filter";
  field: Field;
  negated: boolean;
  operation: Operation;
}

export interface Logic {
  kind: "logic";
  negated: boolean;
  operator: "and" | "or";
  terms: readonly LogicTree[];
}

export type LogicTree = Filter | Logic;

export type Direction = "asc" | "desc";
export type Nulls = "nullsfirst" | "nullslast";

export interface OrderTerm {
  field: Field;
  /** `relation(field)`: by a column of an embedded resource. */
  relation?: string;
  direction?: Direction;
  nulls?: Nulls;
}
