// supabase/config.toml, as the Supabase CLI reads it.
import { readFile } from "node:fs/promises";
import { parse } from "smol-toml";

const units = { "": 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const defaultFileSizeLimit = "50MiB";

/** What the file says; `env(NAME)` stays as it is. Raises: Error, where it cannot be read. */
export const readConfiguration = async (path) => parse(await readFile(path, "utf8"));

/** A size in bytes out of text like `50MiB`, whose units the CLI takes as powers of 1,024. Raises: Error. */
export function parseSize(text) {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?\s*$/i.exec(String(text)) ?? [];
  if (number === undefined) throw new Error(`[storage] file_size_limit is not a size: ${text}`);
  return Math.floor(Number(number) * units[unit.toUpperCase()]);
}

/** The largest object that the project takes, in bytes. */
export const fileSizeLimitOf = ({ storage = {} }) => parseSize(storage.file_size_limit ?? defaultFileSizeLimit);
