// Names of columns and relations, paths into JSON, and values in quotes.
import {
  anyCharacter,
  character,
  characters1,
  digit,
  end,
  lexeme,
  noneOf,
  notFollowedBy,
  word,
  word1,
} from "./characters.ts";
import {
  after,
  attempt,
  between,
  choice,
  label,
  lookAhead,
  many,
  map,
  option,
  type Parser,
  separatedBy1,
  sequence,
  succeed,
} from "./parsec.ts";
import type { EmbedPath, Field, JsonOperation } from "./query_types.ts";

export const delimiter = label(character("."), "delimiter (.)");

const quotedCharacter = choice(noneOf('\\"'), after(character("\\"), anyCharacter));
export const quoted = map(between(character('"'), many(quotedCharacter), character('"')), (found) => found.join(""));

export const identifier = map(word1("_ $"), (found) => found.trim());

/** A dash belongs to a name, save where it is an arrow's. */
const dash = attempt(sequence(character("-"), notFollowedBy(character(">"))));
const dashed = (part: Parser<string>) => map(separatedBy1(part, dash), (parts) => parts.join("-"));

export const fieldName = label(choice(quoted, dashed(identifier)), "field name (* or [a..z0..9_$])");

const keyPart = map(characters1(noneOf("(-:.,>)")), (found) => found.trim());
const key = label(choice(quoted, dashed(keyPart)), "any non reserved character different from: .,>()");

const ahead = (parser: Parser<unknown>): Parser<unknown> => attempt(lookAhead(parser));
const indexEnd = choice<unknown>(
  ahead(word("->")),
  ahead(word("::")),
  ahead(word(".")),
  ahead(word(",")),
  attempt(end),
);
const index = map(
  sequence(option("+", character("-")), characters1(digit), indexEnd),
  ([sign, digits]) => sign + digits,
);

const arrow = choice<"->" | "->>">(
  map(attempt(word("->>")), () => "->>"),
  map(attempt(word("->")), () => "->"),
);
const operand = choice<Omit<JsonOperation, "arrow">>(
  map(attempt(index), (found) => ({ index: found })),
  map(attempt(key), (found) => ({ key: found })),
);

export const jsonPath: Parser<JsonOperation[]> = many(
  map(sequence(arrow, operand), ([found, rest]) => ({ arrow: found, ...rest })),
);

const noPath: JsonOperation[] = [];

export const field: Parser<Field> = lexeme(
  map(sequence(fieldName, choice(jsonPath, succeed(noPath))), ([name, path]) => ({ name, path })),
);

/** `projects.project_tags.tag->>x`: where in the embedding, and which field there. */
export const treePath: Parser<{ path: EmbedPath; field: Field }> = map(
  sequence(separatedBy1(fieldName, delimiter), choice(jsonPath, succeed(noPath))),
  ([names, path]) => ({ path: names.slice(0, -1), field: { name: names.at(-1) as string, path } }),
);

export const columnNames = separatedBy1(fieldName, lexeme(character(",")));

export const aliasSeparator = sequence(character(":"), notFollowedBy(character(":")));
