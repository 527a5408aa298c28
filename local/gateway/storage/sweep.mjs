// Removes what interrupted uploads leave: halves of files, versions that no row names, resumable uploads nobody went on with.
import { ResumableStore } from "./resumable_store.mjs";

const hour = 60 * 60 * 1000;
const firstAfter = 60 * 1000;

async function removeOrphans(sql, files, before) {
  for await (const versions of files.versionsBefore(before)) {
    const rows = await sql`select version from storage.objects where version = any(${versions})`;
    const named = new Set(rows.map(({ version }) => version));
    for (const version of versions) if (!named.has(version)) await files.remove(version);
  }
}

/** One round, as of `now` in milliseconds. An hour is left to what is still under way. */
export async function sweep({ sql, files, folder }, now = Date.now()) {
  await files.removeUnfinished(now - hour);
  await removeOrphans(sql, files, now - hour);
  await new ResumableStore(folder, files).deleteExpired(now);
}

/** Sweeps every hour; gives what ends it. */
export function keepSweeping({ log, ...storage }) {
  const round = () => sweep(storage).catch((error) => log(`storage: sweep: ${error.code ?? error.message}`));
  const timers = [setTimeout(round, firstAfter), setInterval(round, hour)];
  for (const timer of timers) timer.unref();
  return () => timers.forEach(clearTimeout);
}
