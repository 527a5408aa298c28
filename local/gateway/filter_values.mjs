// Values of filters: PostgREST hands each to Postgres as the text that it is, and the column's type says what it means.
// Supabase Lite guesses instead: `title=eq.true` becomes a boolean, a number of 21 digits loses some, `eq.null` is no text.
// What is in quotes it leaves alone, so quotes are put around all of them.

const reserved = /^(select|order|limit|offset|on_conflict|columns|apikey)$|\.(order|limit|offset)$/;
const comparison = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte)\.)(.*)$/s;
const list = /^((?:not\.)?in\.)\((.*)\)$/s;
const tree = /^((?:not\.)?(?:and|or))(\(.*\))$/s;
const treeKey = /(^|\.)(and|or)$/;

const isQuoted = (text) => text.length > 1 && text.startsWith('"') && text.endsWith('"');
const quote = (text) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/** The parts between the commas that are in no quotes and, where they `nest`, in no parentheses or braces. */
function parts(text, nest) {
  const found = [""];
  let depth = 0;
  for (let at = 0, quoted = false; at < text.length; at++) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    if (quoted && character === "\\") {
      found[found.length - 1] += character + (text[++at] ?? "");
      continue;
    }
    if (!quoted && nest) depth += "({".includes(character) ? 1 : ")}".includes(character) ? -1 : 0;
    if (character === "," && !quoted && depth === 0) found.push("");
    else found[found.length - 1] += character;
  }
  return found;
}

const quotedList = (inner) =>
  inner.trim() === "" ? inner : parts(inner).map((part) => (isQuoted(part) ? part : quote(part))).join(",");

function quotedValue(value, inTree) {
  const [, operator, compared] = comparison.exec(value) ?? [];
  // Beside a column, quotes are part of the value; in a tree they are around it. Lite takes off one pair and unescapes
  // nothing.
  if (operator) return inTree && isQuoted(compared) ? value : `${operator}"${compared}"`;
  const [, within, inner] = list.exec(value) ?? [];
  return within ? `${within}(${quotedList(inner)})` : value;
}

function quotedTree(text) {
  if (!text.startsWith("(") || !text.endsWith(")")) return text;
  const quoted = parts(text.slice(1, -1), true).map((part) => {
    const [, word, inner] = tree.exec(part.trim()) ?? [];
    if (word) return word + quotedTree(inner);
    const column = part.indexOf(".") + 1;
    return part.slice(0, column) + quotedValue(part.slice(column), true);
  });
  return `(${quoted.join(",")})`;
}

/** The request to a table or view with every value that is compared in quotes. */
export function withTextValues(request) {
  const url = new URL(request.url);
  if (!url.search || !/^\/rest\/v1\/[^/]+$/.test(url.pathname)) return request;
  const given = [...url.searchParams];
  const ready = given.map(([name, value]) => {
    if (reserved.test(name)) return [name, value];
    return [name, treeKey.test(name) ? quotedTree(value) : quotedValue(value)];
  });
  if (ready.every(([, value], index) => value === given[index][1])) return request;
  url.search = new URLSearchParams(ready).toString();
  return new Request(url, request);
}
