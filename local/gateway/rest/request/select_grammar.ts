// select=title,owner:users!inner(username),...project_tags(tag)
import { character, end, lexeme, word } from "./characters.ts";
import { aliasSeparator, field, fieldName, identifier } from "./names.ts";
import {
  after,
  attempt,
  before,
  between,
  bind,
  choice,
  fail,
  lazy,
  lookAhead,
  map,
  option,
  type Parser,
  separatedBy,
  sequence,
  succeed,
} from "./parsec.ts";
import type { Aggregate, JoinType, SelectField, SelectItem, SelectRelation } from "./query_types.ts";

type Head = Omit<SelectRelation, "items">;
type Parameter = { join: JoinType } | { hint: string };

const embedParameter: Parser<Parameter> = after(
  character("!"),
  choice<Parameter>(
    map(attempt(word("left")), () => ({ join: "left" })),
    map(attempt(word("inner")), () => ({ join: "inner" })),
    map(attempt(fieldName), (hint) => ({ hint })),
  ),
);

/** At most two, of which the first of a kind counts. */
const embedParameters = map(
  sequence(option(undefined, embedParameter), option(undefined, embedParameter)),
  ([first, second]) => ({ ...second, ...first }),
);

const opening = attempt(lookAhead(word("(")));
const alias = option(undefined, attempt(before(fieldName, aliasSeparator)));
const relationName = bind(fieldName, (name) => (name === "count" ? fail : succeed(name)));

const relation: Parser<Head> = lexeme(
  map(sequence(alias, relationName, embedParameters, opening), ([alias, name, parameters]) => ({
    kind: "relation",
    spread: false,
    alias,
    name,
    ...parameters,
  })),
);

const spread: Parser<Head> = lexeme(
  map(sequence(after(word("..."), fieldName), embedParameters, opening), ([name, parameters]) => ({
    kind: "relation",
    spread: true,
    name,
    ...parameters,
  })),
);

const itemEnd = choice<unknown>(attempt(lookAhead(word(")"))), attempt(lookAhead(word(","))), attempt(end));
const cast = option(undefined, after(word("::"), identifier));

const aggregate: Parser<Aggregate> = choice<Aggregate>(
  word("sum") as Parser<Aggregate>,
  word("avg") as Parser<Aggregate>,
  word("count") as Parser<Aggregate>,
  attempt(word("max")) as Parser<Aggregate>,
  attempt(word("min")) as Parser<Aggregate>,
);

const star: Parser<SelectField> = map(sequence(word("*"), itemEnd), () => ({
  kind: "field",
  field: { name: "*", path: [] },
}));

const countOfRows: Parser<SelectField> = map(
  sequence(alias, word("count()"), cast, itemEnd),
  ([alias]) => ({ kind: "field", field: { name: "*", path: [] }, aggregate: "count", alias }),
);

const column: Parser<SelectField> = map(
  sequence(
    alias,
    field,
    cast,
    option(undefined, attempt(after(character("."), before(aggregate, word("()"))))),
    cast,
    itemEnd,
  ),
  ([alias, field, cast, aggregate]) => ({ kind: "field", alias, field, cast, aggregate }),
);

const selectField = lexeme(choice(attempt(star), attempt(countOfRows), column));

const embedded = (head: Parser<Head>): Parser<SelectItem> =>
  map(
    sequence(attempt(head), between(character("("), lazy(() => selectItems), character(")"))),
    ([head, items]) => ({ ...head, items }),
  );

const item: Parser<SelectItem> = choice<SelectItem>(embedded(spread), embedded(relation), selectField);

export const selectItems: Parser<SelectItem[]> = separatedBy(item, lexeme(character(",")));
