// order=title.desc.nullslast,users(username)
import { character, end, lexeme, word } from "./characters.ts";
import { delimiter, field, fieldName } from "./names.ts";
import {
  after,
  attempt,
  between,
  choice,
  lookAhead,
  map,
  option,
  type Parser,
  separatedBy1,
  sequence,
} from "./parsec.ts";
import type { Direction, Nulls, OrderTerm } from "./query_types.ts";

const suffix = <T extends string>(name: T): Parser<T> => attempt(after(delimiter, word(name))) as Parser<T>;

const direction = option(undefined, choice<Direction>(suffix("asc"), suffix("desc")));
const nulls = option(undefined, choice<Nulls>(suffix("nullsfirst"), suffix("nullslast")));
const termEnd = choice<unknown>(attempt(lookAhead(character(","))), attempt(end));
const nullsThenEnd = choice<Nulls | undefined>(
  map(sequence(nulls, termEnd), ([found]) => found),
  map(termEnd, () => undefined),
);

const byColumn: Parser<OrderTerm> = map(
  sequence(field, direction, nullsThenEnd),
  ([field, direction, nulls]) => ({ field, direction, nulls }),
);

const byRelation: Parser<OrderTerm> = map(
  sequence(fieldName, between(character("("), field, character(")")), direction, nullsThenEnd),
  ([relation, field, direction, nulls]) => ({ relation, field, direction, nulls }),
);

export const orderTerms: Parser<OrderTerm[]> = separatedBy1(
  lexeme(choice(attempt(byRelation), byColumn)),
  character(","),
);
