// Parser combinators whose failures read as those of Parsec, which PostgREST's grammar is written in: clients see its words
// in the `details` of PGRST100. A failure is where it happened and what was unexpected or expected there; the furthest wins.
// https://hackage.haskell.org/package/parsec

/** In Parsec's order: what the input had, what a parser refused, what would have done. */
export type Kind = 0 | 1 | 2;
export const [UNEXPECTED_INPUT, UNEXPECTED, EXPECTED] = [0, 1, 2] as const;

export interface Message {
  kind: Kind;
  /** null: the character at the failure's place, or the end of input. */
  text: string | null;
}

export interface Failure {
  at: number;
  messages: readonly Message[];
}

export type Reply<T> =
  | { ok: true; value: T; at: number; consumed: boolean; failure: Failure }
  | { ok: false; consumed: boolean; failure: Failure };

/** Reads `text` from the index `at`. */
export type Parser<T> = (text: string, at: number) => Reply<T>;

const INPUT: Message = { kind: UNEXPECTED_INPUT, text: null };

export function merge(one: Failure, other: Failure): Failure {
  if (other.messages.length === 0 && one.messages.length > 0) return one;
  if (one.messages.length === 0 && other.messages.length > 0) return other;
  if (one.at !== other.at) return one.at > other.at ? one : other;
  return one.messages.length === 0 ? one : { at: one.at, messages: [...one.messages, ...other.messages] };
}

const expecting = ({ at, messages }: Failure, label: string): Failure => ({
  at,
  messages: [{ kind: EXPECTED, text: label }, ...messages.filter(({ kind }) => kind !== EXPECTED)],
});

const NOTHING: readonly Message[] = [];

export const succeed = <T>(value: T): Parser<T> => (_text, at) => ({
  ok: true,
  value,
  at,
  consumed: false,
  failure: { at, messages: NOTHING },
});

export const fail: Parser<never> = (_text, at) => ({ ok: false, consumed: false, failure: { at, messages: NOTHING } });

/** `next`, built from the value of `first`, after it. */
export function bind<A, B>(first: Parser<A>, next: (value: A) => Parser<B>): Parser<B> {
  return (text, at) => {
    const one = first(text, at);
    if (!one.ok) return one;
    const two = next(one.value)(text, one.at);
    if (two.consumed) return two;
    return { ...two, consumed: one.consumed, failure: merge(one.failure, two.failure) };
  };
}

export const map = <A, B>(parser: Parser<A>, change: (value: A) => B): Parser<B> => (text, at) => {
  const reply = parser(text, at);
  return reply.ok ? { ...reply, value: change(reply.value) } : reply;
};

type Values<P extends readonly Parser<unknown>[]> = { [K in keyof P]: P[K] extends Parser<infer T> ? T : never };

/** All of them in order; their values. */
export function sequence<const P extends readonly Parser<unknown>[]>(...parsers: P): Parser<Values<P>> {
  return (text, start) => {
    const values: unknown[] = [];
    let state = { at: start, consumed: false, failure: { at: start, messages: NOTHING } as Failure };
    for (const parser of parsers) {
      const reply = parser(text, state.at);
      const failure = reply.consumed ? reply.failure : merge(state.failure, reply.failure);
      const consumed = state.consumed || reply.consumed;
      if (!reply.ok) return { ok: false, consumed, failure };
      values.push(reply.value);
      state = { at: reply.at, consumed, failure };
    }
    return { ok: true, value: values as Values<P>, ...state };
  };
}

/** The first that does not fail at its very start. */
export function choice<T>(...parsers: readonly Parser<T>[]): Parser<T> {
  return (text, at) => {
    let failure: Failure = { at, messages: NOTHING };
    for (const parser of parsers) {
      const reply = parser(text, at);
      if (reply.consumed) return reply;
      failure = merge(failure, reply.failure);
      if (reply.ok) return { ...reply, failure };
    }
    return { ok: false, consumed: false, failure };
  };
}

/** What `parser` expects goes by the name `name`. */
export const label = <T>(parser: Parser<T>, name: string): Parser<T> => (text, at) => {
  const reply = parser(text, at);
  if (reply.consumed || (reply.ok && reply.failure.messages.length === 0)) return reply;
  return { ...reply, failure: expecting(reply.failure, name) };
};

/** Parsec's `try`: a failure half way counts as one at the start. */
export const attempt = <T>(parser: Parser<T>): Parser<T> => (text, at) => {
  const reply = parser(text, at);
  return reply.ok ? reply : { ...reply, consumed: false };
};

export const lookAhead = <T>(parser: Parser<T>): Parser<T> => (text, at) => {
  const reply = parser(text, at);
  return reply.ok ? { ...reply, at, consumed: false, failure: { at, messages: NOTHING } } : reply;
};

export const option = <T, D>(otherwise: D, parser: Parser<T>): Parser<T | D> =>
  choice<T | D>(parser, succeed(otherwise));

/** Applicative `many`: the failure that ended it is merged with what the last value left. */
export const many = <T>(parser: Parser<T>): Parser<T[]> => repeated(parser, merge);

/** Parsec's own `many`, which `many1` and `separatedBy` use: only the failure that ended it counts. */
const manyOnly = <T>(parser: Parser<T>): Parser<T[]> => repeated(parser, (_last, ended) => ended);

function repeated<T>(parser: Parser<T>, ending: (last: Failure, ended: Failure) => Failure): Parser<T[]> {
  return (text, start) => {
    const values: T[] = [];
    let [at, last] = [start, { at: start, messages: NOTHING } as Failure];
    for (;;) {
      const reply = parser(text, at);
      if (!reply.ok) {
        if (reply.consumed) return reply;
        return { ok: true, value: values, at, consumed: at > start, failure: ending(last, reply.failure) };
      }
      values.push(reply.value);
      [at, last] = [reply.at, reply.failure];
    }
  };
}

export const many1 = <T>(parser: Parser<T>): Parser<T[]> =>
  map(sequence(parser, manyOnly(parser)), ([first, rest]) => [first, ...rest]);

export const separatedBy1 = <T>(parser: Parser<T>, separator: Parser<unknown>): Parser<T[]> =>
  map(sequence(parser, manyOnly(after(separator, parser))), ([first, rest]) => [first, ...rest]);

export const separatedBy = <T>(parser: Parser<T>, separator: Parser<unknown>): Parser<T[]> =>
  choice<T[]>(separatedBy1(parser, separator), succeed([]));

export const after = <T>(skipped: Parser<unknown>, parser: Parser<T>): Parser<T> =>
  map(sequence(skipped, parser), ([, value]) => value as T);

export const before = <T>(parser: Parser<T>, skipped: Parser<unknown>): Parser<T> =>
  map(sequence(parser, skipped), ([value]) => value as T);

export const between = <T>(open: Parser<unknown>, parser: Parser<T>, close: Parser<unknown>): Parser<T> =>
  map(sequence(open, parser, close), ([, value]) => value as T);

/** Recursion: the parser is looked up when it is used. */
export const lazy = <T>(parser: () => Parser<T>): Parser<T> => (text, at) => parser()(text, at);

export const inputFailure = (at: number, ...expected: string[]): Failure => ({
  at,
  messages: [INPUT, ...expected.map((text): Message => ({ kind: EXPECTED, text }))],
});
