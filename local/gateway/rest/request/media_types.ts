// Media types of Accept and Content-Type. https://docs.postgrest.org/en/v16/references/api/media_types.html

export type MediaType =
  | { kind: "json" | "geojson" | "csv" | "text" | "xml" | "openapi" | "form" | "bytes" | "any" | "array-stripped" }
  | { kind: "object"; stripped: boolean }
  | { kind: "plan"; name: string }
  | { kind: "other"; name: string };

const BY_NAME: Record<string, MediaType> = {
  "application/json": { kind: "json" },
  "application/geo+json": { kind: "geojson" },
  "text/csv": { kind: "csv" },
  "text/plain": { kind: "text" },
  "text/xml": { kind: "xml" },
  "application/openapi+json": { kind: "openapi" },
  "application/x-www-form-urlencoded": { kind: "form" },
  "application/octet-stream": { kind: "bytes" },
  "*/*": { kind: "any" },
};

const NAMES = Object.fromEntries(Object.entries(BY_NAME).map(([name, { kind }]) => [kind, name]));

const MEDIA_TYPE = /^([A-Za-z0-9.*]+\/[A-Za-z0-9.*+-]+)((?:\s*;\s*[A-Za-z0-9-]+\s*=\s*(?:"[^"]*"|[A-Za-z0-9|-]+))*)/;
const PARAMETER = /;\s*([A-Za-z0-9-]+)\s*=\s*(?:"([^"]*)"|([A-Za-z0-9|-]+))/g;
const PLAN_OPTIONS = ["analyze", "verbose", "settings", "buffers", "wal"];

function planName(format: string, parameters: ReadonlyMap<string, string>): string {
  const wanted = (parameters.get("options") ?? "").split("|");
  const options = PLAN_OPTIONS.filter((option) => wanted.includes(option));
  const subject = nameOf(readMediaType(parameters.get("for") ?? "application/json"));
  const suffix = options.length > 0 ? `; options=${options.join("|")}` : "";
  return `application/vnd.pgrst.plan+${format}; for="${subject}"${suffix}`;
}

export function readMediaType(text: string): MediaType {
  if (Object.hasOwn(BY_NAME, text)) return BY_NAME[text];
  const found = text.match(MEDIA_TYPE);
  if (!found) return { kind: "other", name: text };
  const name = found[1].toLowerCase();
  const parameters = new Map(
    [...found[2].matchAll(PARAMETER)].map(([, key, quoted, bare]) => [key.toLowerCase(), quoted ?? bare]),
  );
  const stripped = parameters.get("nulls") === "stripped";
  switch (name) {
    case "application/vnd.pgrst.object":
    case "application/vnd.pgrst.object+json":
      return { kind: "object", stripped };
    case "application/vnd.pgrst.array":
    case "application/vnd.pgrst.array+json":
      return { kind: stripped ? "array-stripped" : "json" };
    case "application/vnd.pgrst.plan":
    case "application/vnd.pgrst.plan+text":
      return { kind: "plan", name: planName("text", parameters) };
    case "application/vnd.pgrst.plan+json":
      return { kind: "plan", name: planName("json", parameters) };
  }
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : { kind: "other", name: text };
}

export function nameOf(type: MediaType): string {
  switch (type.kind) {
    case "other":
    case "plan":
      return type.name;
    case "object":
      return `application/vnd.pgrst.object+json${type.stripped ? ";nulls=stripped" : ""}`;
    case "array-stripped":
      return "application/vnd.pgrst.array+json;nulls=stripped";
  }
  return NAMES[type.kind];
}

export const contentTypeOf = (type: MediaType) =>
  type.kind === "bytes" || type.kind === "other" ? nameOf(type) : `${nameOf(type)}; charset=utf-8`;

/** By quality, then by how exactly a type is named; no header accepts anything. */
export function readAccept(header: string | undefined): readonly MediaType[] {
  if (header === undefined) return [BY_NAME["*/*"]];
  if (Object.hasOwn(BY_NAME, header)) return [BY_NAME[header]];
  return header
    .split(",")
    .map((part) => {
      const text = part.replaceAll(" ", "");
      const at = text.indexOf(";q=");
      const name = at < 0 ? text : text.slice(0, at);
      const quality = at < 0 ? 1 : Number.parseFloat(text.slice(at + ";q=".length));
      const exact = name.split(";").length - name.split("*").length;
      return { name, quality: Number.isNaN(quality) ? 1 : quality, exact };
    })
    .sort((one, other) => other.quality - one.quality || other.exact - one.exact)
    .map(({ name }) => readMediaType(name));
}
