// The Prefer header (RFC 7240). https://docs.postgrest.org/en/v16/references/api/preferences.html

export interface Preferences {
  resolution?: "merge-duplicates" | "ignore-duplicates";
  missing?: "default" | "null";
  return?: "representation" | "minimal" | "headers-only";
  count?: "exact" | "planned" | "estimated";
  handling?: "strict" | "lenient";
  timezone?: string;
  /** A signed 64-bit number. */
  maxAffected?: bigint;
  /** What is none of these. */
  invalid: readonly string[];
}

const CHOICES = {
  resolution: ["merge-duplicates", "ignore-duplicates"],
  missing: ["default", "null"],
  return: ["representation", "minimal", "headers-only"],
  count: ["exact", "planned", "estimated"],
  handling: ["strict", "lenient"],
  tx: ["commit", "rollback"], // known, and without effect: hosted projects do not let a client choose
} as const;

const known = new Set(Object.entries(CHOICES).flatMap(([name, values]) => values.map((value) => `${name}=${value}`)));
const NONE: Preferences = { invalid: [] };

function readMaxAffected(preferences: readonly string[]): bigint | undefined {
  const found = preferences.find((one) => one.startsWith("max-affected="))?.slice("max-affected=".length);
  return found !== undefined && /^-?\d{1,18}$/.test(found.trim()) ? BigInt(found.trim()) : undefined;
}

/** Of a preference that is given twice, the first counts. */
export function readPreferences(header: string | undefined): Preferences {
  if (header === undefined) return NONE;
  const given = header.split(",").map((one) => one.trim());
  const chosen = (name: keyof typeof CHOICES) =>
    given.find((one) => known.has(one) && one.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    resolution: chosen("resolution") as Preferences["resolution"],
    missing: chosen("missing") as Preferences["missing"],
    return: chosen("return") as Preferences["return"],
    count: chosen("count") as Preferences["count"],
    handling: chosen("handling") as Preferences["handling"],
    timezone: given.find((one) => one.startsWith("timezone="))?.slice("timezone=".length),
    maxAffected: readMaxAffected(given),
    invalid: given.filter(
      (one) => !known.has(one) && !one.startsWith("timezone=") && !one.startsWith("max-affected="),
    ),
  };
}

/** Preference-Applied, in PostgREST's order; undefined where none was. */
export function appliedHeader(applied: Omit<Preferences, "invalid">): string | undefined {
  const parts = [
    applied.resolution && `resolution=${applied.resolution}`,
    applied.missing && `missing=${applied.missing}`,
    applied.return && `return=${applied.return}`,
    applied.count && `count=${applied.count}`,
    applied.handling && `handling=${applied.handling}`,
    applied.timezone !== undefined && `timezone=${applied.timezone}`,
    applied.handling === "strict" && applied.maxAffected !== undefined && `max-affected=${applied.maxAffected}`,
  ].filter((part) => typeof part === "string");
  return parts.length > 0 ? parts.join(", ") : undefined;
}
