// supabase/config.toml, as the Supabase CLI reads it.
import { createApi } from "@supabase/lite/cli";

const units = { "": 1, B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const defaultFileSizeLimit = "50MiB";

export async function readConfiguration(path) {
  const { project } = await createApi();
  return project.local.readConfig(path);
}

/** A size in bytes out of text like `50MiB`, whose units the CLI takes as powers of 1,024. Raises: Error. */
export function parseSize(text) {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?\s*$/i.exec(String(text)) ?? [];
  if (number === undefined) throw new Error(`[storage] file_size_limit is not a size: ${text}`);
  return Math.floor(Number(number) * units[unit.toUpperCase()]);
}

/** The largest object that the project takes, in bytes. */
export const fileSizeLimitOf = ({ storage = {} }) => parseSize(storage.file_size_limit ?? defaultFileSizeLimit);
