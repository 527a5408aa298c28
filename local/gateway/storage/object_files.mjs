// The bytes of stored objects: one file for each version, which never changes. A row of storage.objects names its version, so
// that whatever is cut off leaves the old object whole, and at worst a file that no row names.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

const isVersion = (name) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name ?? "");
const ignoreMissing = (error) => {
  if (error.code !== "ENOENT") throw error;
};

/** Hashes what passes, and fails with `error` at the first byte beyond `limit`. */
function measured(limit, error) {
  const hash = createHash("md5");
  let size = 0;
  const transform = new Transform({
    transform(chunk, _, done) {
      size += chunk.length;
      if (size > limit) return done(error);
      hash.update(chunk);
      return done(null, chunk);
    },
  });
  return { transform, result: () => ({ size, eTag: `"${hash.digest("hex")}"` }) };
}

export class ObjectFiles {
  constructor(folder) {
    this.folder = path.resolve(folder, "versions");
    this.incoming = path.resolve(folder, "incoming");
  }

  #file(version) {
    if (!isVersion(version)) throw Object.assign(new Error("there is no such version"), { code: "ENOENT" });
    return path.join(this.folder, version.slice(0, 2), version);
  }

  async #place(version) {
    const file = this.#file(version);
    await mkdir(path.dirname(file), { recursive: true });
    return file;
  }

  /** `{ version, size, eTag }` of a new version with the stream's bytes. Raises: `error`, for more than `limit` bytes. */
  async write(stream, { limit = Infinity, error } = {}) {
    const version = randomUUID();
    const half = path.join(this.incoming, version);
    await mkdir(this.incoming, { recursive: true });
    const { transform, result } = measured(limit, error);
    try {
      await pipeline(stream, transform, createWriteStream(half, { flush: true }));
      await rename(half, await this.#place(version));
    } catch (failure) {
      await rm(half, { force: true });
      throw failure;
    }
    return { version, ...result() };
  }

  /** `{ version, size, eTag }` of a file that becomes a version. */
  async adopt(file, version) {
    const { transform, result } = measured(Infinity);
    transform.resume();
    await pipeline(createReadStream(file), transform);
    await rename(file, await this.#place(version));
    return { version, ...result() };
  }

  /** A new version with the bytes of another. Raises: ENOENT. */
  async copy(version) {
    const copied = randomUUID();
    await link(this.#file(version), await this.#place(copied));
    return copied;
  }

  /** The size in bytes; undefined where the bytes are lost. */
  async size(version) {
    try {
      return (await stat(this.#file(version))).size;
    } catch (error) {
      return ignoreMissing(error);
    }
  }

  /** The bytes from `start` up to and with `end`. */
  read(version, { start, end } = {}) {
    return createReadStream(this.#file(version), { start, end });
  }

  async remove(version) {
    if (isVersion(version)) await rm(this.#file(version), { force: true });
  }

  /** The versions that were last changed before `before` (milliseconds since the epoch), in batches of one folder. */
  async *versionsBefore(before) {
    for (const folder of await readdir(this.folder).catch(() => [])) {
      const names = (await readdir(path.join(this.folder, folder))).filter(isVersion);
      const old = await Promise.all(names.map(async (name) => (await this.#changedAt(name)) < before));
      yield names.filter((_, index) => old[index]);
    }
  }

  async #changedAt(version) {
    const found = await stat(this.#file(version)).catch(ignoreMissing);
    return found ? found.ctimeMs : Infinity;
  }

  /** Removes what uploads left that were cut off before `before`. */
  async removeUnfinished(before) {
    for (const name of await readdir(this.incoming).catch(() => [])) {
      const file = path.join(this.incoming, name);
      const found = await stat(file).catch(ignoreMissing);
      if (found && found.mtimeMs < before) await rm(file, { force: true });
    }
  }
}
