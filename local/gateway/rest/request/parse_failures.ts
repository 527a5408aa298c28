// How Parsec words a failure, and how Haskell shows the characters in it.
import { EXPECTED, type Failure, type Kind, UNEXPECTED, UNEXPECTED_INPUT } from "./parsec.ts";

const CONTROLS =
  "NUL SOH STX ETX EOT ENQ ACK a b t n v f r SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(
    " ",
  );

function escaped(character: string, quote: string): string {
  const code = character.codePointAt(0) as number;
  if (character === quote || character === "\\") return `\\${character}`;
  if (code < 32) return `\\${CONTROLS[code]}`;
  if (code === 127) return "\\DEL";
  return code > 127 ? `\\${code}` : character;
}

/** A text as Haskell's `show` writes it: quoted, and ASCII. */
export const shown = (text: string) => `"${[...text].map((one) => escaped(one, '"')).join("")}"`;
export const shownCharacter = (character: string) => `'${escaped(character, "'")}'`;

const listed = (words: string[]) => {
  const distinct = [...new Set(words.filter((word) => word !== ""))];
  return distinct.length < 2 ? distinct.join("") : `${distinct.slice(0, -1).join(", ")} or ${distinct.at(-1)}`;
};

/** `unexpected "x" expecting "a", "b" or end of input`. */
export function describe({ at, messages }: Failure, text: string): string {
  if (messages.length === 0) return "unknown parse error";
  const code = text.codePointAt(at);
  const here = code === undefined ? "" : shown(String.fromCodePoint(code));
  const of = (kind: Kind) => messages.filter((message) => message.kind === kind).map((message) => message.text ?? here);
  const [input, refused, expected] = [of(UNEXPECTED_INPUT), listed(of(UNEXPECTED)), listed(of(EXPECTED))];
  const parts: string[] = [];
  if (refused === "" && of(UNEXPECTED).length === 0 && input.length > 0) {
    parts.push(`unexpected ${input[0] || "end of input"}`);
  }
  if (refused !== "") parts.push(`unexpected ${refused}`);
  if (expected !== "") parts.push(`expecting ${expected}`);
  return parts.join(" ");
}

const TAB = 8;

/** `(line 1, column 4)`. */
export function position(text: string, at: number): string {
  let [line, column] = [1, 1];
  for (const character of text.slice(0, at)) {
    if (character === "\n") [line, column] = [line + 1, 1];
    else column += character === "\t" ? TAB - ((column - 1) % TAB) : 1;
  }
  return `(line ${line}, column ${column})`;
}
