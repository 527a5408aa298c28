// The schema cache, read from the catalog in one transaction.
import type pg from "pg";
import { COMPUTED_RELATIONSHIPS, HOISTED_SETTINGS, KEYS, ROUTINES, TABLES, VIEWS } from "./catalog.ts";
import { buildRelationships } from "./relationships.ts";
import { type Column, type ComputedRelationship, keyOf, type Routine, type SchemaCache, type Table } from "./types.ts";
import { findViewKeys, type Key, type View, type ViewKey } from "./view_keys.ts";

type TableRow = Omit<Table, "columns"> & { columns: Column[] };
type ComputedRow = {
  schema: string;
  name: string;
  tableSchema: string;
  tableName: string;
  foreignSchema: string;
  foreignName: string;
  isToOne: boolean;
};

const asNumbers = <T extends { [name: string]: unknown }>(row: T, ...names: (keyof T)[]): T => ({
  ...row,
  ...Object.fromEntries(names.map((name) => [name, Number(row[name])])),
});

/** A view's primary key is that of the tables behind it, where it shows all of it. */
function viewPrimaryKey(table: Table, viewKeys: readonly ViewKey[]): readonly string[] {
  if (!table.isView) return table.primaryKey;
  return viewKeys
    .filter(({ view, key, side }) => key.kind === "p" && side === "own" && keyOf(view) === keyOf(table))
    .flatMap(({ columns }) => columns.map(([first]) => first));
}

function computedRelationship(row: ComputedRow): ComputedRelationship {
  const table = { schema: row.tableSchema, name: row.tableName };
  const foreign = { schema: row.foreignSchema, name: row.foreignName };
  return {
    kind: "computed",
    function: { schema: row.schema, name: row.name },
    table,
    foreign,
    isToOne: row.isToOne,
    isSelf: keyOf(table) === keyOf(foreign),
  };
}

/** Overloads with the fewest parameters first. */
function groupRoutines(routines: readonly Routine[]): Map<string, Routine[]> {
  const found = new Map<string, Routine[]>();
  const order = ({ description, parameters }: Routine) => JSON.stringify([description ?? "", parameters]);
  const sorted = [...routines].sort(
    (one, other) => one.parameters.length - other.parameters.length || (order(one) < order(other) ? -1 : 1),
  );
  for (const routine of sorted) {
    const at = keyOf(routine);
    found.set(at, [...(found.get(at) ?? []), routine]);
  }
  return found;
}

/** Reads with `client`, of `schemas`, what requests can name. */
export async function loadSchemaCache(client: pg.ClientBase, schemas: readonly string[]): Promise<SchemaCache> {
  const rows = async <T>(text: string, values: unknown[] = []) => (await client.query(text, values)).rows as T[];
  await client.query("begin isolation level repeatable read read only");
  try {
    // Types are then written with their schemas.
    await client.query("set local search_path = ''");
    const tableRows = await rows<TableRow>(TABLES);
    const keys = (await rows<Key>(KEYS)).map((key) => asNumbers(key as never, "tableOid", "foreignOid")) as Key[];
    const views = (await rows<View>(VIEWS, [schemas])).map((view) => asNumbers(view as never, "oid")) as View[];
    const computed = (await rows<ComputedRow>(COMPUTED_RELATIONSHIPS)).map(computedRelationship);
    const routines = await rows<Routine>(ROUTINES, [schemas, HOISTED_SETTINGS]);

    const viewKeys = findViewKeys(views, keys);
    const all = new Map(
      tableRows.map((row) => {
        const table: Table = { ...row, columns: new Map(row.columns.map((column) => [column.name, column])) };
        return [keyOf(table), { ...table, primaryKey: viewPrimaryKey(table, viewKeys) }];
      }),
    );
    return {
      tables: new Map([...all].filter(([, { schema }]) => schemas.includes(schema))),
      relationships: buildRelationships(all, keys, viewKeys, computed, schemas),
      routines: groupRoutines(routines),
    };
  } finally {
    await client.query("rollback");
  }
}
