// What Storage's hourly sweep removes from a folder, as of some hours from now.
import { readdir } from "node:fs/promises";
import { Readable } from "node:stream";
import path from "node:path";
import { openDatabase } from "../../../local/gateway/storage/database.mjs";
import { ObjectFiles } from "../../../local/gateway/storage/object_files.mjs";
import { ResumableStore } from "../../../local/gateway/storage/resumable_store.mjs";
import { sweep } from "../../../local/gateway/storage/sweep.mjs";
import { main } from "./supabase.mjs";

const hour = 3_600_000;

await main(async ({ databaseUrl, folder, bucket, object: name }) => {
  const sql = openDatabase(databaseUrl);
  const files = new ObjectFiles(folder);
  const write = async () => (await files.write(Readable.from(["bytes"]))).version;
  const [named, orphan] = [await write(), await write()];
  await sql`insert into storage.objects (bucket_id, name, version) values (${bucket}, ${name}, ${named})`;
  const cutOff = await files.write(Readable.from((function* () { yield "half"; throw new Error("cut off"); })())).catch((error) => error.message);
  const upload = { id: `${bucket}/${name}/${orphan}`, size: 10, metadata: {}, creation_date: new Date().toISOString() };
  const store = new ResumableStore(folder, files);
  await store.create(upload);

  const left = async (hours) => {
    await sweep({ sql, files, folder }, Date.now() + hours * hour);
    const sizes = await Promise.all([named, orphan].map((version) => files.size(version)));
    const unfinished = await store.recall(upload.id).then(() => true, () => false);
    return [...sizes.map((size) => size !== undefined), unfinished];
  };
  const incoming = await readdir(path.join(folder, "incoming"));
  const answer = { cutOff, incoming, after: [await left(0), await left(2), await left(25)] };
  await sql.end();
  return answer;
});
