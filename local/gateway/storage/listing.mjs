// Listings of storage.objects: one folder's entries (list), and pages of keys with a cursor (list-v2).
import { invalidParameter } from "./errors.mjs";

const escapeLike = (text) => text.replaceAll(/[\\%_]/g, "\\$&");
const direction = (sql, order) => (order === "desc" ? sql`desc` : sql`asc`);
const maxEntries = 1500;
const maxKeys = 1000;

/**
 * The entries of the folder `prefix` whose names begin with `search`, in any case. A folder is an entry without an id, and
 * stands where its keys stand: case does not count in the order.
 */
export function listEntries(sql, bucket, asked) {
  const { prefix = "", search = "", limit = 100, offset = 0, column = "name", order = "asc" } = asked;
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const start = folder + search;
  // What an entry is called in the folder, and whether more follows below it.
  const visible = sql`
    select name, id, updated_at, created_at, last_accessed_at, metadata,
      split_part(substr(name, ${start.length + 1}), '/', 1) as rest,
      strpos(substr(name, ${start.length + 1}), '/') > 0 as is_folder
    from storage.objects where bucket_id = ${bucket} and name ilike ${`${escapeLike(start)}%`}`;
  const folders = sql`
    select distinct on (lower(rest)) substr(left(name, ${start.length} + length(rest)), ${folder.length + 1}) as name,
      null::uuid as id, null::timestamptz as updated_at, null::timestamptz as created_at,
      null::timestamptz as last_accessed_at, null::jsonb as metadata,
      lower(left(name, ${start.length} + length(rest)) || '/') collate "C" as place
    from visible where is_folder order by lower(rest), name collate "C"`;
  const files = sql`
    select substr(name, ${folder.length + 1}) as name, id, updated_at, created_at, last_accessed_at, metadata,
      lower(name) collate "C" as place
    from visible where not is_folder`;
  const ordering =
    column === "name"
      ? sql`place ${direction(sql, order)}, name collate "C" ${direction(sql, order)}`
      : sql`(id is null) desc, ${sql(column)} ${direction(sql, order)}, place ${direction(sql, order)}`;
  return sql`
    with visible as (${visible}), entry as ((${folders}) union all (${files}))
    select name, id, updated_at, created_at, last_accessed_at, metadata from entry
    order by ${ordering} limit ${Math.min(limit, maxEntries)} offset ${offset}`;
}

/** A page of keys that begin with `prefix`; with `delimited`, keys below the next `/` are one folder. */
export async function listKeys(sql, bucket, { prefix = "", limit = maxKeys, cursor, delimited = false, sortBy = {} }) {
  const after = cursor === undefined ? {} : readCursor(cursor);
  const { order = "asc", column = "name" } = { ...sortBy, ...after };
  const size = Math.min(limit, maxKeys);
  const keys = delimited ? delimitedKeys(sql, bucket, prefix) : plainKeys(sql, bucket, prefix);
  const rows = await keyPage(sql, bucket, { keys, delimited, order, column, after, size: size + 1 });
  const page = rows.slice(0, size);
  const last = page.at(-1);
  const asked = { order: after.order ?? sortBy.order, column: after.column ?? sortBy.column };
  const next = { nextCursor: last && writeCursor({ key: last.name, ...asked, time: last[column] }), nextCursorKey: last?.name };
  return {
    hasNext: rows.length > size,
    ...(rows.length > size ? next : {}),
    folders: page.filter(({ id }) => id === null).map((folder) => ({ ...folder, name: `${folder.name}/` })),
    objects: page.filter(({ id }) => id !== null),
  };
}

const plainKeys = (sql, bucket, prefix) => sql`
  select id, name, metadata, updated_at, created_at, last_accessed_at, name as place
  from storage.objects where bucket_id = ${bucket} and name like ${`${escapeLike(prefix)}%`}`;

// A folder is as old as its oldest object.
function delimitedKeys(sql, bucket, prefix) {
  const level = prefix.split("/").length;
  const slash = sql`strpos(substr(name, ${prefix.length + 1}), '/')`;
  const all = sql`
    select *, left(name, ${prefix.length} + nullif(${slash}, 0) - 1) as folder
    from storage.objects where bucket_id = ${bucket} and name like ${`${escapeLike(prefix)}%`}`;
  return sql`
    select split_part(name, '/', ${level}) as key, name, id, updated_at, created_at, last_accessed_at, metadata, name as place
    from (${all}) as object where folder is null
    union all
    select split_part(folder, '/', ${level}), folder, null, min(created_at), min(created_at), null, null, folder || '/'
    from (${all}) as object where folder is not null group by folder`;
}

function keyPage(sql, bucket, { keys, delimited, order, column, after, size }) {
  const compare = order === "desc" ? sql`<` : sql`>`;
  const to = direction(sql, order);
  const isFolder = sql`exists (
    select from storage.objects where bucket_id = ${bucket} and starts_with(name, ${after.key ?? ""} || '/'))`;
  const key = after.key ?? "";
  const end = delimited ? sql`case when ${isFolder} then ${key} || '/' else ${key} end` : sql`${key}`;
  if (column === "name") {
    const beyond = after.key ? sql`where place collate "C" ${compare} ${end}` : sql``;
    return sql`select ${shown(sql, delimited)} from (${keys}) as key ${beyond} order by place collate "C" ${to} limit ${size}`;
  }
  const time = sql`coalesce(date_trunc('milliseconds', ${sql(column)}), 'epoch')`;
  const reached = sql`coalesce(nullif(${after.time ?? ""}, '')::timestamptz, 'epoch')`;
  const beyond = after.key ? sql`where row(${time}, name collate "C") ${compare} row(${reached}, ${after.key})` : sql``;
  return sql`
    select ${shown(sql, delimited)} from (${keys}) as key ${beyond}
    order by ${time} ${to}, name collate "C" ${to} limit ${size}`;
}

const shown = (sql, delimited) =>
  delimited
    ? sql`key, name, id, updated_at, created_at, last_accessed_at, metadata`
    : sql`id, name, metadata, updated_at, created_at, last_accessed_at`;

// A cursor is base64 of lines `l:<last key>`, `o:<order>`, `c:<column>`, `a:<time>`.
const parts = { l: "key", o: "order", c: "column", a: "time" };
const orders = new Set(["asc", "desc"]);
const columns = new Set(["name", "created_at", "updated_at"]);

function writeCursor({ time, column, ...rest }) {
  const known = { ...rest, column, time: column && column !== "name" && time ? new Date(time).toISOString() : undefined };
  const lines = Object.entries(parts).filter(([, name]) => known[name]).map(([letter, name]) => `${letter}:${known[name]}`);
  return Buffer.from(lines.join("\n")).toString("base64");
}

function readCursor(text) {
  const found = {};
  for (const line of Buffer.from(text, "base64").toString().split("\n")) {
    const [, letter, value] = /^(\S):(.*)$/.exec(line) ?? [];
    if (!parts[letter]) throw invalidParameter("continuation token");
    found[parts[letter]] = value;
  }
  const isKnown = orders.has(found.order ?? "asc") && columns.has(found.column ?? "name");
  if (!isKnown || Number.isNaN(Date.parse(found.time ?? 0))) throw invalidParameter("continuation token");
  return found;
}
