// Which keys of tables the columns of a view carry along, so that requests can embed through the view.
import { readViewColumns, type ViewColumn } from "./node_tree.ts";
import type { Identifier } from "./types.ts";

/** A row of `KEYS` (catalog.ts): a primary, unique or foreign key. */
export interface Key {
  name: string;
  kind: "p" | "u" | "f";
  isInherited: boolean;
  tableOid: number;
  schema: string;
  table: string;
  columnNumbers: readonly number[];
  columns: readonly string[];
  foreignOid: number;
  foreignSchema: string;
  foreignTable: string;
  foreignNumbers: readonly number[];
  foreignColumns: readonly string[];
}

/** A row of `VIEWS` (catalog.ts). */
export interface View extends Identifier {
  oid: number;
  nodeTree: string;
  isExposed: boolean;
  columns: readonly string[];
}

/** The columns of a view in which a key's columns appear: one list for each column of the key. */
export interface ViewKey {
  view: Identifier;
  key: Key;
  /** The key's own columns, or those that a foreign key refers to. */
  side: "own" | "referenced";
  columns: readonly (readonly string[])[];
}

type Origin = Pick<ViewColumn, "originTable" | "originColumn">;

/** Through views of views, down to the table; a view that refers to itself leads nowhere. */
function tableOrigin(column: Origin, views: ReadonlyMap<number, Map<number, Origin>>): Origin {
  let found = column;
  for (let depth = 0; depth < views.size; depth++) {
    const next = views.get(found.originTable)?.get(found.originColumn);
    if (!next) break;
    found = next;
  }
  return found;
}

const place = (table: number, column: number) => `${table}.${column}`;

/** For each column of a table, the names of the view's columns that show it. */
function shownColumns(view: View, views: ReadonlyMap<number, Map<number, Origin>>): Map<string, string[]> {
  const shown = new Map<string, string[]>();
  for (const [number, column] of views.get(view.oid) ?? []) {
    const { originTable, originColumn } = tableOrigin(column, views);
    const at = place(originTable, originColumn);
    shown.set(at, [...(shown.get(at) ?? []), view.columns[number - 1]]);
  }
  return shown;
}

export function findViewKeys(views: readonly View[], keys: readonly Key[]): ViewKey[] {
  const origins = new Map(
    views.map((view) => [view.oid, new Map(readViewColumns(view.nodeTree).map((column) => [column.number, column]))]),
  );
  return views.filter(({ isExposed }) => isExposed).flatMap((view) => {
    const shown = shownColumns(view, origins);
    const columnsOf = (table: number, numbers: readonly number[]) =>
      numbers.map((number) => shown.get(place(table, number)) ?? []);
    const found = (key: Key, side: ViewKey["side"], columns: string[][]): ViewKey[] =>
      columns.every((names) => names.length > 0) ? [{ view, key, side, columns }] : [];
    return keys.flatMap((key) => [
      ...(key.kind === "u" ? [] : found(key, "own", columnsOf(key.tableOid, key.columnNumbers))),
      ...(key.kind === "f" ? found(key, "referenced", columnsOf(key.foreignOid, key.foreignNumbers)) : []),
    ]);
  });
}

/** Every choice of one column from each list. */
export const combinations = (columns: readonly (readonly string[])[]): string[][] =>
  columns.reduce<string[][]>((chosen, names) => chosen.flatMap((one) => names.map((name) => [...one, name])), [[]]);
