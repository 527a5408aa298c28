// title=eq.x, and=(likes.gt.1,or(title.like.*a*,id.in.(1,2)))
import { anyCharacter, character, charactersOf, lexeme, noneOf, notFollowedBy, word } from "./characters.ts";
import { delimiter, field, fieldName, identifier, quoted } from "./names.ts";
import {
  after,
  attempt,
  before,
  between,
  choice,
  label,
  lazy,
  map,
  option,
  type Parser,
  separatedBy1,
  sequence,
  succeed,
} from "./parsec.ts";
import type { EmbedPath, Filter, Logic, LogicTree, Operation, Quantifier } from "./query_types.ts";

const SIMPLE = { neq: "<>", cs: "@>", cd: "<@", ov: "&&", sl: "<<", sr: ">>", nxr: "&<", nxl: "&>", adj: "-|-" };
const QUANTIFIED = {
  eq: "=",
  gte: ">=",
  gt: ">",
  lte: "<=",
  lt: "<",
  like: "like",
  ilike: "ilike",
  match: "~",
  imatch: "~*",
};
const SEARCH = {
  fts: "to_tsquery",
  plfts: "plainto_tsquery",
  phfts: "phraseto_tsquery",
  wfts: "websearch_to_tsquery",
};
const IS = { null: "NULL", not_null: "NOT NULL", true: "TRUE", false: "FALSE", unknown: "UNKNOWN" };

const oneWord = (words: Record<string, string>, read = word): Parser<string> =>
  choice(...Object.entries(words).map(([name, meaning]) => map(attempt(read(name)), () => meaning)));

/** Each letter small or capital. */
const anyCase = (wanted: string): Parser<string> =>
  map(sequence(...[...wanted].map((one) => choice(character(one), character(one.toUpperCase())))), () => wanted);

const parenthesised = <T>(parser: Parser<T>) => between(character("("), parser, character(")"));

const unlessMore = notFollowedBy(noneOf(",)"));
const bareValue = charactersOf(noneOf(",)"));
const listValue = choice(attempt(before(quoted, unlessMore)), bareValue);
const list = between(lexeme(character("(")), separatedBy1(listValue, character(",")), lexeme(character(")")));

const isValue = label(oneWord(IS, anyCase), "isVal: (null, not_null, true, false, unknown)");
const simpleOperator = label(oneWord(SIMPLE), "unknown single value operator");
const quantifiedOperator = label(oneWord(QUANTIFIED), "unknown single value operator");
const quantifier = option(
  undefined,
  attempt(parenthesised(choice(attempt(word("any")), word("all")) as Parser<Quantifier>)),
);
const keyword = (name: string) => attempt(sequence(word(name), delimiter));

function operation(value: Parser<string>): Parser<Operation> {
  const simple = map(
    sequence(simpleOperator, delimiter, value),
    ([operator, , value]): Operation => ({ kind: "simple", operator, value }),
  );
  const quantified = map(
    sequence(quantifiedOperator, quantifier, delimiter, value),
    ([operator, quantifier, , value]): Operation => ({ kind: "quantified", operator, quantifier, value }),
  );
  const search = map(
    sequence(oneWord(SEARCH), option(undefined, attempt(parenthesised(identifier))), delimiter, value),
    ([parser, language, , value]): Operation => ({ kind: "search", parser, language, value }),
  );
  const any = choice<Operation>(
    map(after(keyword("in"), list), (values) => ({ kind: "in", values })),
    map(after(keyword("is"), isValue), (value) => ({ kind: "is", value })),
    map(after(keyword("isdistinct"), value), (value) => ({ kind: "distinct", value })),
    attempt(search),
    attempt(simple),
    attempt(quantified),
  );
  return label(any, "operator (eq, gt, ...)");
}

type Comparison = Pick<Filter, "negated" | "operation">;

const comparison = (value: Parser<string>): Parser<Comparison> =>
  map(
    sequence(
      choice(map(attempt(sequence(word("not"), delimiter)), () => true), succeed(false)),
      operation(value),
    ),
    ([negated, operation]) => ({ negated, operation }),
  );

export const parameterComparison = comparison(charactersOf(anyCharacter));

const arrayLiteral = map(
  sequence(word("{"), charactersOf(noneOf("{}")), word("}")),
  ([open, inside, close]) => open + inside + close,
);
const logicValue = choice(attempt(before(quoted, unlessMore)), attempt(arrayLiteral), bareValue);

const logicFilter: Parser<LogicTree> = map(
  sequence(field, delimiter, comparison(logicValue)),
  ([field, , { negated, operation }]): Filter => ({ kind: "filter", field, negated, operation }),
);

const negation = label(
  choice(map(attempt(sequence(word("not"), delimiter)), () => true), succeed(false)),
  "negation operator (not)",
);
const logicOperator = label(
  choice<"and" | "or">(map(attempt(word("and")), () => "and"), map(word("or"), () => "or")),
  "logic operator (and, or)",
);

export const logicTree: Parser<LogicTree> = choice(
  attempt(logicFilter),
  map(
    sequence(
      negation,
      logicOperator,
      lexeme(character("(")),
      separatedBy1(lazy(() => logicTree), lexeme(character(","))),
      lexeme(character(")")),
    ),
    ([negated, operator, , terms]): Logic => ({ kind: "logic", negated, operator, terms }),
  ),
);

/** `projects.not.or`: where in the embedding, and with which operator the tree begins. */
export const logicPath: Parser<{ path: EmbedPath; operator: string }> = map(
  separatedBy1(fieldName, delimiter),
  (names) => ({
    path: names.slice(0, -1).filter((name) => name !== "not"),
    operator: (names.includes("not") ? "not." : "") + names.at(-1),
  }),
);
