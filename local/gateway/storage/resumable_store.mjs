// Where resumable uploads (TUS 1.0.0) grow: a file of bytes for each, and beside it what is known of the upload as JSON.
import { createWriteStream } from "node:fs";
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { DataStore, ERRORS, Upload } from "@tus/server";
import { parseUploadId } from "./upload_id.mjs";

const lifetimeMs = 24 * 60 * 60 * 1000; // as hosted projects

export class ResumableStore extends DataStore {
  extensions = ["creation", "creation-with-upload", "creation-defer-length", "termination", "expiration"];

  constructor(folder, files) {
    super();
    this.folder = path.resolve(folder, "resumable");
    this.files = files;
  }

  #path(id, suffix) {
    return path.join(this.folder, `${parseUploadId(id).version}${suffix}`);
  }

  // Whole or not at all.
  async #write(id, state) {
    const file = this.#path(id, ".json");
    await writeFile(`${file}.new`, JSON.stringify(state));
    await rename(`${file}.new`, file);
  }

  // Files go by the version alone: with another bucket or name before it, an id is no upload's.
  async #state(id) {
    const text = await readFile(this.#path(id, ".json"), "utf8").catch(() => {
      throw ERRORS.FILE_NOT_FOUND;
    });
    const state = JSON.parse(text);
    if (state.id !== id) throw ERRORS.FILE_NOT_FOUND;
    return state;
  }

  async create(upload) {
    await mkdir(this.folder, { recursive: true });
    await (await open(this.#path(upload.id, ".part"), "w")).close();
    const { id, size, metadata, creation_date, owner } = upload;
    await this.#write(id, { id, size, metadata, creation_date, owner });
    return upload;
  }

  async write(readable, id, offset) {
    const file = this.#path(id, ".part");
    await pipeline(readable, createWriteStream(file, { flags: "r+", start: offset }));
    return (await stat(file)).size;
  }

  async getUpload(id) {
    const { size, metadata, creation_date, finished } = await this.#state(id);
    if (finished) return new Upload({ id, size, metadata, creation_date, offset: size });
    const found = await stat(this.#path(id, ".part")).catch(() => {
      throw ERRORS.FILE_NO_LONGER_EXISTS;
    });
    return new Upload({ id, size, metadata, creation_date, offset: found.size });
  }

  async declareUploadLength(id, size) {
    await this.#write(id, { ...(await this.#state(id)), size });
  }

  async remove(id) {
    await this.#state(id);
    await Promise.all([".part", ".json"].map((suffix) => rm(this.#path(id, suffix), { force: true })));
  }

  /** All that is known of an upload, `finished` once its object is there. */
  recall(id) {
    return this.#state(id);
  }

  /** The upload's bytes as a version of the object: `{ version, size, eTag }`. */
  adopt(id) {
    return this.files.adopt(this.#path(id, ".part"), parseUploadId(id).version);
  }

  async finish(id) {
    await this.#write(id, { ...(await this.#state(id)), finished: true });
  }

  async deleteExpired(now = Date.now()) {
    for (const name of await readdir(this.folder).catch(() => [])) {
      const file = path.join(this.folder, name);
      const found = await stat(file).catch(() => undefined);
      if (found && found.mtimeMs < now - lifetimeMs) await rm(file, { force: true });
    }
  }
}
