// `projects?select=title,...users(username)&id=eq.x`: beside a spread embedding, a filter or order by a column that both
// tables have is ambiguous to Postgres as Supabase Lite writes it. It is the table's own that is meant.

const isSpread = (item) => item !== null && typeof item === "object" && Object.values(item).some((part) => part?.spread);
const isPlainColumn = (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

const named = (column, table) => (isPlainColumn(column) ? `${table}.${column}` : column);

function qualified(where, table) {
  if (Array.isArray(where)) return where.map((part) => qualified(part, table));
  return Object.fromEntries(
    Object.entries(where).map(([name, condition]) => {
      if (["$and", "$or", "$not"].includes(name)) return [name, qualified(condition, table)];
      return [named(name, table), condition];
    }),
  );
}

/** The request (Supabase Lite's parsed form of it) with its own filters and order named by table where they have to be. */
export function withQualifiedColumns(request) {
  const { select, from, where, order } = request;
  if (!Array.isArray(select) || !select.some(isSpread)) return request;
  return {
    ...request,
    ...(where && { where: qualified(where, from) }),
    ...(Array.isArray(order) && { order: order.map((by) => ({ ...by, column: named(by.column, from) })) }),
  };
}
