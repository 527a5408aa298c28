// Where a view's columns come from, out of its query as PostgreSQL keeps it (pg_rewrite.ev_action, a pg_node_tree:
// `({QUERY ... :targetList ({TARGETENTRY ... :resno 1 ... :resorigtbl 16385 :resorigcol 2 ...}) :override 0 ...})`).

export interface ViewColumn {
  /** Counted from 1. */
  number: number;
  /** OID of the table or view, 0 where the column is computed. */
  originTable: number;
  originColumn: number;
}

/** An escaped character of a name, a node's bracket, or a field with its number. */
const TOKEN = /\\.|[{}]|:([A-Za-z]+)(?: (\d+))?/gs;

/** The columns of the outermost query. */
export function readViewColumns(nodeTree: string): ViewColumn[] {
  const columns: ViewColumn[] = [];
  let [depth, isTargetList] = [0, false];
  let entry: Record<string, number> = {};
  for (const { 0: token, 1: field, 2: value } of nodeTree.matchAll(TOKEN)) {
    if (token === "{") depth++;
    else if (token === "}") depth--;
    else if (field && depth === 1) isTargetList = field === "targetList";
    else if (field && depth === 2 && isTargetList) entry[field] = Number(value);
    if (field === "resorigcol" && depth === 2 && isTargetList) {
      columns.push({ number: entry.resno, originTable: entry.resorigtbl, originColumn: entry.resorigcol });
      entry = {};
    }
  }
  return columns;
}
