// Where stored objects' bytes live: plain files below one folder. Content type and cache control are kept beside each file, so
// that a download carries what was uploaded (Supabase Lite's own file storage guesses from the name).
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";

const bytesOf = async (body) => (body instanceof Uint8Array ? body : Buffer.from(await new Response(body).arrayBuffer()));

export class ObjectFiles {
  constructor(folder) {
    this.folder = path.resolve(folder);
    this.driver = null;
  }

  // Hashed, since a key may hold what a file name may not: `a` beside `a/b`, names of 1,000 characters, other alphabets.
  #file(bucket, key) {
    const name = createHash("sha256").update(`${bucket}/${key}`).digest("hex");
    return path.join(this.folder, name.slice(0, 2), name);
  }

  async #describe(file) {
    const [{ size, mtime }, kept] = await Promise.all([stat(file), readFile(`${file}.json`, "utf8")]);
    return { ...JSON.parse(kept), size, contentLength: size, lastModified: mtime, httpStatusCode: 200 };
  }

  async getObject(bucket, key) {
    const file = this.#file(bucket, key);
    const metadata = await this.#describe(file).catch((error) => {
      if (error.code !== "ENOENT") throw error;
      return null;
    });
    // Without a body, Supabase Lite answers as hosted Storage does for a row whose file is lost: there is no such object.
    if (!metadata) return { metadata: {}, body: null };
    return { httpStatusCode: 200, metadata, body: Readable.toWeb(createReadStream(file)) };
  }

  async uploadObject(bucket, key, _version, body, mimetype, cacheControl) {
    const file = this.#file(bucket, key);
    const bytes = await bytesOf(body);
    const eTag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    await mkdir(path.dirname(file), { recursive: true });
    // Whole or not at all: a reader never meets half a file.
    const half = `${file}.${randomUUID()}`;
    await writeFile(half, bytes);
    await writeFile(`${half}.json`, JSON.stringify({ mimetype, cacheControl, eTag }));
    await rename(`${half}.json`, `${file}.json`);
    await rename(half, file);
    return this.#describe(file);
  }

  async deleteObject(bucket, key) {
    const file = this.#file(bucket, key);
    await Promise.all([rm(file, { force: true }), rm(`${file}.json`, { force: true })]);
  }

  async deleteObjects(bucket, keys) {
    await Promise.all(keys.map((key) => this.deleteObject(bucket, key)));
  }

  async copyObject(bucket, key, _version, toBucket, toKey) {
    const [from, to] = [this.#file(bucket, key), this.#file(toBucket, toKey)];
    await mkdir(path.dirname(to), { recursive: true });
    await Promise.all([copyFile(from, to), copyFile(`${from}.json`, `${to}.json`)]);
    return this.#describe(to);
  }

  headObject(bucket, key) {
    return this.#describe(this.#file(bucket, key));
  }

  async privateAssetUrl(bucket, key) {
    return `file://${this.#file(bucket, key)}`;
  }
}
