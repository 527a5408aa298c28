// The API's settings: those of config.toml, over which those in the database come, as on a hosted project.
// https://docs.postgrest.org/en/v16/references/configuration.html#in-database-configuration
import type { DatabaseSettings } from "./database/role_settings.ts";
import type { Identifier } from "./schema_cache/types.ts";

export interface ApiSettings {
  /** Exposed schemas; the first is the default. */
  schemas: readonly string[];
  extraSearchPath: readonly string[];
  /** The most rows of a resource; null for no limit. */
  maxRows: bigint | null;
  /** A function that is called before each request. */
  preRequest: Identifier | null;
}

/** The section [api] of config.toml. */
export interface ApiConfiguration {
  schemas?: string[];
  extra_search_path?: string[];
  max_rows?: number;
}

export const fromConfiguration = (file: ApiConfiguration): ApiSettings => ({
  schemas: file.schemas ?? ["public"],
  extraSearchPath: file.extra_search_path ?? ["public"],
  maxRows: BigInt(file.max_rows ?? 1000),
  preRequest: null,
});

const names = (list: string) => list.split(",").map((name) => name.trim()).filter((name) => name !== "");

function toIdentifier(text: string): Identifier {
  const dot = text.indexOf(".");
  return dot < 0 ? { schema: "", name: text } : { schema: text.slice(0, dot), name: text.slice(dot + 1) };
}

export function withDatabaseSettings(settings: ApiSettings, { api }: DatabaseSettings): ApiSettings {
  const [schemas, path, rows, preRequest] = ["db_schemas", "db_extra_search_path", "db_max_rows", "db_pre_request"]
    .map((name) => api.get(name));
  return {
    schemas: schemas ? names(schemas) : settings.schemas,
    extraSearchPath: path === undefined ? settings.extraSearchPath : names(path),
    maxRows: rows !== undefined && /^\d+$/.test(rows) ? BigInt(rows) : settings.maxRows,
    preRequest: preRequest ? toIdentifier(preRequest) : settings.preRequest,
  };
}
