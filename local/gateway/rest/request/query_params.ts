// The parameters of a query string, each read by its grammar.
import { logicPath, logicTree, parameterComparison } from "./filter_grammar.ts";
import { columnNames, treePath } from "./names.ts";
import { orderTerms } from "./order_grammar.ts";
import { read, reader } from "./parameter_reader.ts";
import { choice, succeed } from "./parsec.ts";
import { canonical, type Pair, parsePairs } from "./query_string.ts";
import type { EmbedPath, Filter, LogicTree, OrderTerm, SelectItem } from "./query_types.ts";
import { fromLimit, fromOffset, type RowRange, withOffset } from "./ranges.ts";
import { selectItems } from "./select_grammar.ts";

export interface At<T> {
  path: EmbedPath;
  value: T;
}

export interface QueryParams {
  canonical: string;
  select: readonly SelectItem[];
  filters: readonly At<Filter>[];
  logic: readonly At<LogicTree>[];
  order: readonly At<readonly OrderTerm[]>[];
  /** By the whole name of the parameter (`limit`, `projects.limit`). */
  ranges: ReadonlyMap<string, RowRange>;
  columns: ReadonlySet<string> | null;
  onConflict: readonly string[] | null;
  /** Names of all parameters that are filters, as they were written. */
  filterNames: ReadonlySet<string>;
  /** Parameters of a function that is called by GET. */
  arguments: readonly (readonly [string, string])[];
}

const RESERVED = new Set(["select", "columns", "on_conflict"]);
const EMBEDDABLE = new Set(["order", "limit", "offset", "and", "or"]);
const lastWord = (name: string) => name.slice(name.lastIndexOf(".") + 1);

const [readTreePath, readLogicPath, readLogicTree, readOrderTerms, readSelect, readColumns] = [
  reader(treePath),
  reader(logicPath),
  reader(logicTree),
  reader(orderTerms),
  reader(selectItems),
  reader(columnNames),
];

const readPath = (name: string) => readTreePath(`tree path (${name})`, name);
export const readRangePath = (name: string): EmbedPath => readPath(name).path;

function readLogic([name, value]: readonly [string, string]): At<LogicTree> {
  const { path, operator } = readLogicPath(`logic path (${name})`, name);
  return { path, value: readLogicTree(`logic tree (${value})`, operator + value) };
}

function readOrder([name, value]: readonly [string, string]): At<OrderTerm[]> {
  const { path } = readPath(name);
  return { path, value: readOrderTerms(`order (${value})`, value) };
}

type Compared = Pick<Filter, "negated" | "operation">;

/** Without an operator it is an argument of a function. */
const comparisonOrArgument = choice<Compared | "argument">(parameterComparison, succeed("argument"));

function readFilter([name, value]: readonly [string, string], mayBeArgument: boolean): At<Filter> | [string, string] {
  const { path, field } = readPath(name);
  const grammar = mayBeArgument ? comparisonOrArgument : parameterComparison;
  const compared = read<Compared | "argument">(grammar, `filter (${value})`, value);
  return compared === "argument" ? [field.name, value] : { path, value: { kind: "filter", field, ...compared } };
}

function readRanges(given: readonly (readonly [string, string])[]): Map<string, RowRange> {
  const ranges = new Map<string, RowRange>();
  const offsets = new Map<string, RowRange>();
  for (const [name, value] of given) {
    if (lastWord(name) === "limit") ranges.set(name, fromLimit(value));
    if (lastWord(name) === "offset") offsets.set(`${name.slice(0, -"offset".length)}limit`, fromOffset(value));
  }
  for (const [name, offset] of offsets) {
    const limited = ranges.get(name);
    ranges.set(name, limited ? withOffset(limited, offset) : offset);
  }
  return ranges;
}

/** `callsFunction`: by GET or HEAD, where a parameter without an operator is an argument. Throws PGRST100. */
export function readQueryParams(query: string, callsFunction: boolean): QueryParams {
  const pairs = parsePairs(query);
  const given = pairs.filter((pair): pair is [string, string] => pair[1] !== null);
  const first = (name: string) => pairs.find((pair: Pair) => pair[0] === name)?.[1] ?? null;
  const ending = (...words: string[]) => given.filter(([name]) => words.includes(lastWord(name)));

  const order = ending("order").map(readOrder);
  const logic = ending("and", "or").map(readLogic);
  const [columns, select, onConflict] = [first("columns"), first("select") ?? "*", first("on_conflict")];
  const columnSet = columns === null ? null : new Set(readColumns(`columns parameter (${columns})`, columns));
  const items = readSelect(`select parameter (${select})`, select);
  const filters: At<Filter>[] = [];
  const values: [string, string][] = [];
  const filterPairs = given.filter(([name]) => !EMBEDDABLE.has(lastWord(name)) && !RESERVED.has(name));
  for (const pair of filterPairs) {
    const found = readFilter(pair, callsFunction);
    if (Array.isArray(found)) values.push(found);
    else filters.push(found);
  }
  return {
    canonical: canonical(pairs),
    select: items,
    filters,
    logic,
    order,
    ranges: readRanges(given),
    columns: columnSet,
    onConflict: onConflict === null ? null : readColumns(`on_conflict parameter (${onConflict})`, onConflict),
    filterNames: new Set(filterPairs.map(([name]) => name)),
    arguments: values,
  };
}
