// Which rows of a result are wanted: limit and offset, or the Range header. Bounds are whole numbers of any size.

export interface RowRange {
  lower: bigint;
  /** Inclusive; null is without end. */
  upper: bigint | null;
}

export const ALL_ROWS: RowRange = { lower: 0n, upper: null };
export const NO_ROWS: RowRange = { lower: 0n, upper: -1n };

export const isEmpty = ({ lower, upper }: RowRange) => upper !== null && upper < lower;
export const isAll = ({ lower, upper }: RowRange) => lower === 0n && upper === null;
/** limit=0, which is allowed; any other empty range is an error. */
export const isLimitZero = ({ upper }: RowRange) => upper === -1n;
export const rowLimit = ({ lower, upper }: RowRange) => (upper === null ? null : upper - lower + 1n);

export function intersect(one: RowRange, other: RowRange): RowRange {
  const lower = one.lower > other.lower ? one.lower : other.lower;
  const uppers = [one.upper, other.upper].filter((upper) => upper !== null);
  const upper = uppers.length === 0 ? null : uppers.reduce((least, next) => (next < least ? next : least));
  return { lower, upper };
}

/** At most `most` rows of it. */
export function restrict(range: RowRange, most: bigint | null): RowRange {
  if (isLimitZero(range)) return NO_ROWS;
  return most === null ? range : intersect(range, { lower: range.lower, upper: range.lower + most - 1n });
}

/** A whole number, or null. */
export const readInteger = (text: string): bigint | null => (/^\s*-?\d+\s*$/.test(text) ? BigInt(text.trim()) : null);

export const fromLimit = (text: string): RowRange => {
  const limit = readInteger(text);
  return limit === null ? ALL_ROWS : { lower: 0n, upper: limit - 1n };
};

export const fromOffset = (text: string): RowRange => ({ lower: readInteger(text) ?? 0n, upper: null });

export const withOffset = (limited: RowRange, { lower }: RowRange): RowRange => ({
  lower,
  upper: lower + (rowLimit(limited) ?? 0n) - 1n,
});

/** `Range: 0-9`, `Range: 10-`; anything else is every row. */
export function fromHeader(header: string | undefined): RowRange {
  const found = header?.match(/^([0-9]+)-([0-9]*)$/);
  return found ? { lower: BigInt(found[1]), upper: found[2] === "" ? null : BigInt(found[2]) } : ALL_ROWS;
}
