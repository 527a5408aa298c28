// The rows of storage.buckets. Each function takes the transaction to run in.
import { bucketAlreadyExists, noSuchBucket } from "./errors.mjs";
import { uuidOrNull } from "./objects.mjs";

const sortColumns = new Set(["id", "name", "created_at", "updated_at"]);
const escapeLike = (text) => text.replaceAll(/[\\%_]/g, "\\$&");
const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const columns = (sql) =>
  sql`id, name, owner, public, created_at, updated_at, file_size_limit, allowed_mime_types`;

/** The bucket, locked where `lock` says so. Raises: NoSuchBucket. */
export async function findBucket(sql, id, { lock = false } = {}) {
  const [bucket] = await sql`select ${columns(sql)} from storage.buckets where id = ${id} ${lock ? sql`for update` : sql``}`;
  if (!bucket) throw noSuchBucket();
  return bucket;
}

export function listBuckets(sql, { limit, offset, sortColumn, sortOrder, search }) {
  return sql`
    select ${columns(sql)}, 'STANDARD' as type from storage.buckets
    ${search ? sql`where name ilike ${`%${escapeLike(search)}%`}` : sql``}
    ${sortColumns.has(sortColumn) ? sql`order by ${sql(sortColumn)} ${sortOrder === "desc" ? sql`desc` : sql`asc`}` : sql``}
    ${limit === undefined ? sql`` : sql`limit ${limit}`}
    ${offset === undefined ? sql`` : sql`offset ${offset}`}`;
}

/** Raises: BucketAlreadyExists. */
export async function createBucket(sql, { owner, ...bucket }) {
  const row = without({ ...bucket, owner: uuidOrNull(owner) ?? undefined, owner_id: owner });
  await sql`insert into storage.buckets ${sql(row)}`.catch((error) => {
    throw error.code === "23505" ? bucketAlreadyExists() : error;
  });
}

/** Raises: NoSuchBucket. */
export async function updateBucket(sql, id, changes) {
  const { count } = await sql`update storage.buckets set ${sql(without(changes))} where id = ${id}`;
  if (count === 0) throw noSuchBucket();
}

/** Raises: NoSuchBucket, also where the policies hide it. */
export async function deleteBucket(sql, id) {
  const { count } = await sql`delete from storage.buckets where id = ${id}`;
  if (count === 0) throw noSuchBucket();
}

export async function isEmpty(sql, id) {
  return (await sql`select from storage.objects where bucket_id = ${id} limit 1`).count === 0;
}
