// The rows of storage.objects. Each function takes the transaction to run in, and policies decide where it is a caller's.
import { keyAlreadyExists, noSuchKey } from "./errors.mjs";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A subject as the deprecated column `owner` holds it: a UUID, or nothing. */
export const uuidOrNull = (text) => (uuid.test(text ?? "") ? text : null);

// Columns without a value are left out, so that their defaults hold.
function rowOf(sql, { owner, metadata, user_metadata: userMetadata, ...columns }) {
  const json = { metadata, user_metadata: userMetadata };
  const given = Object.entries(json).filter(([, value]) => value !== undefined && value !== null);
  const owners = owner === undefined ? {} : { owner: uuidOrNull(owner), owner_id: owner };
  return { ...columns, ...owners, ...Object.fromEntries(given.map(([name, value]) => [name, sql.json(value)])) };
}

/** Raises: KeyAlreadyExists. */
export async function createObject(sql, object) {
  await sql`insert into storage.objects ${sql(rowOf(sql, object))}`.catch((error) => {
    throw error.code === "23505" ? keyAlreadyExists() : error;
  });
}

/** The row, new or in the place of the one that has its name. */
export async function upsertObject(sql, object) {
  const row = rowOf(sql, object);
  const changed = Object.keys(row).filter((name) => name !== "name" && name !== "bucket_id");
  const changes = changed.flatMap((name, index) => [index ? sql`, ` : sql``, sql`${sql(name)} = excluded.${sql(name)}`]);
  const [stored] = await sql`
    insert into storage.objects ${sql(row)}
    on conflict (name, bucket_id) do update set ${changes}
    returning *`;
  return stored;
}

/** Raises: NoSuchKey. */
export async function updateObject(sql, bucket, name, changes) {
  const [stored] = await sql`
    update storage.objects set ${sql(rowOf(sql, changes))} where bucket_id = ${bucket} and name = ${name} returning *`;
  if (!stored) throw noSuchKey();
  return stored;
}

/** Raises: NoSuchKey. */
export async function findObject(sql, bucket, name, options) {
  const object = await lookUpObject(sql, bucket, name, options);
  if (!object) throw noSuchKey();
  return object;
}

/** The row, or undefined. */
export async function lookUpObject(sql, bucket, name, { lock = false } = {}) {
  const [object] = await sql`
    select * from storage.objects where name = ${name} and bucket_id = ${bucket} limit 1 ${lock ? sql`for update` : sql``}`;
  return object;
}

/** Those of the names that are there and visible. */
export async function findNames(sql, bucket, names) {
  const rows = await sql`select name from storage.objects where bucket_id = ${bucket} and name = any(${names})`;
  return new Set(rows.map(({ name }) => name));
}

/** The rows that were deleted. */
export function deleteObjects(sql, bucket, names) {
  return sql`delete from storage.objects where bucket_id = ${bucket} and name = any(${names}) returning *`;
}

export function deleteAllObjects(sql, bucket, before) {
  return sql`delete from storage.objects where bucket_id = ${bucket} and created_at < ${before} returning version`;
}

/** Until the transaction ends, no other writes this name. */
export function lockName(sql, bucket, name) {
  return sql`select pg_advisory_xact_lock(hashtextextended(${`${bucket}/${name}`}, 0))`;
}
