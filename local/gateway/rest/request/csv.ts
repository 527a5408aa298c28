// A CSV body (RFC 4180) as rows of JSON.
import { invalidBody } from "../errors/request_errors.ts";

const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;

function readRecords(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const found = FIELD.exec(text);
    if (!found) throw invalidBody("parse error (Failed reading: satisfy)");
    const [, quoted, bare, separator] = found;
    record.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (separator === ",") {
      if (FIELD.lastIndex === text.length) record.push("");
      else continue;
    }
    const isBlank = record.length === 1 && record[0] === "";
    if (!isBlank) records.push(record);
    record = [];
  }
  if (record.length > 0) records.push(record);
  return records;
}

/** An object for each line below the header; NULL is null. Throws PGRST102. */
export function csvToRows(text: string): Record<string, string | null>[] {
  const [header, ...lines] = readRecords(text);
  if (!header) throw invalidBody("parse error (not enough input)");
  return lines.map((line) =>
    Object.fromEntries(
      header.slice(0, line.length).map((name, index) => [name, line[index] === "NULL" ? null : line[index]]),
    )
  );
}
