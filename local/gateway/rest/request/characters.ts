// Parsers of characters and words, and how their failures read.
import { shown, shownCharacter } from "./parse_failures.ts";
import {
  between,
  EXPECTED,
  inputFailure,
  label,
  type Message,
  type Parser,
  UNEXPECTED,
  UNEXPECTED_INPUT,
} from "./parsec.ts";

/** A whole code point; empty at the end. */
const characterAt = (text: string, at: number) => {
  const code = text.charCodeAt(at);
  if (Number.isNaN(code)) return "";
  return code < 0xd800 || code > 0xdbff ? text[at] : String.fromCodePoint(text.codePointAt(at) as number);
};

const isLetter = (one: string) =>
  (one >= "a" && one <= "z") || (one >= "A" && one <= "Z") || (one > "\x7f" && /^\p{L}$/u.test(one));
const isDigit = (one: string) => one >= "0" && one <= "9";

export const satisfy = (test: (character: string) => boolean): Parser<string> => (text, at) => {
  const character = characterAt(text, at);
  if (character === "" || !test(character)) return { ok: false, consumed: false, failure: inputFailure(at) };
  const end = at + character.length;
  return { ok: true, value: character, at: end, consumed: true, failure: { at: end, messages: [] } };
};

export const character = (wanted: string) => label(satisfy((found) => found === wanted), shown(wanted));
export const oneOf = (characters: string) => satisfy((found) => characters.includes(found));
export const noneOf = (characters: string) => satisfy((found) => !characters.includes(found));
export const anyCharacter = satisfy(() => true);
export const letter = label(satisfy(isLetter), "letter");
export const digit = label(satisfy(isDigit), "digit");

/** As many as there are, also none; as one text. */
export const charactersOf = (one: Parser<string>): Parser<string> => (text, start) => {
  let at = start;
  for (;;) {
    const reply = one(text, at);
    if (!reply.ok) {
      if (reply.consumed) return reply;
      return { ok: true, value: text.slice(start, at), at, consumed: at > start, failure: reply.failure };
    }
    at = reply.at;
  }
};

/** Letters, digits and `more`, at least one: `characters1(choice(letter, digit, oneOf(more)))`, in one go. */
export const word1 = (more: string): Parser<string> => (text, start) => {
  let at = start;
  for (let one = characterAt(text, at); one; one = characterAt(text, at)) {
    if (!isLetter(one) && !isDigit(one) && !more.includes(one)) break;
    at += one.length;
  }
  const failure = inputFailure(at, "letter", "digit");
  if (at === start) return { ok: false, consumed: false, failure };
  return { ok: true, value: text.slice(start, at), at, consumed: true, failure };
};

export const characters1 = (one: Parser<string>): Parser<string> => (text, start) => {
  const first = one(text, start);
  if (!first.ok) return first;
  const rest = charactersOf(one)(text, first.at);
  return rest.ok ? { ...rest, value: text.slice(start, rest.at), consumed: true } : rest;
};

/** The word itself; a failure after its first character has consumed input. */
export function word(wanted: string): Parser<string> {
  const expected: Message = { kind: EXPECTED, text: shown(wanted) };
  return (text, at) => {
    if (text.startsWith(wanted, at)) {
      const end = at + wanted.length;
      return { ok: true, value: wanted, at: end, consumed: true, failure: { at: end, messages: [] } };
    }
    let same = 0;
    while (at + same < text.length && text[at + same] === wanted[same]) same++;
    const found = characterAt(text, at + same);
    const messages: Message[] = [expected, { kind: UNEXPECTED_INPUT, text: found === "" ? "" : shown(found) }];
    return { ok: false, consumed: same > 0, failure: { at, messages } };
  };
}

export const end: Parser<null> = (text, at) => {
  const expected: Message = { kind: EXPECTED, text: "end of input" };
  const found = characterAt(text, at);
  if (found === "") {
    const failure = { at, messages: [expected, { kind: UNEXPECTED_INPUT, text: "" } as Message] };
    return { ok: true, value: null, at, consumed: false, failure };
  }
  const messages = [expected, { kind: UNEXPECTED, text: shownCharacter(found) } as Message];
  return { ok: false, consumed: false, failure: { at, messages } };
};

/** Succeeds, with nothing consumed, where `parser` would fail. */
export const notFollowedBy = (parser: Parser<string>): Parser<null> => (text, at) => {
  const reply = parser(text, at);
  if (!reply.ok) return { ok: true, value: null, at, consumed: false, failure: reply.failure };
  const messages: Message[] = [{ kind: UNEXPECTED, text: shownCharacter(reply.value) }];
  return { ok: false, consumed: false, failure: { at: reply.at, messages } };
};

const blanks = charactersOf(oneOf(" \t"));

/** With blanks and tabs on both sides. */
export const lexeme = <T>(parser: Parser<T>): Parser<T> => between(blanks, parser, blanks);
